/**
 * On a developer's machine whoever has started this process keeps a channel to it; in a container there is none. When the
 * channel breaks, the starter was killed: its execution counts as aborted from then on, and another one may begin on the same
 * file. So this one ends at once, as its container would with it; what it leaves is what any kill leaves.
 */
export function endWithStarter(): void {
  if (process.channel === undefined) return
  process.once('disconnect', () => process.exit(1))
  // What there is to do decides how long this process lives, not whether somebody might still have something to say.
  process.channel.unref()
}
