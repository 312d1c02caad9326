const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
const ASCII = ['.', ':', '-', '=', '+', '*', '#', '@']

/** Counts as a row of bars, the greatest one full: `▁▃█▅`. None is a space, and any is at least the lowest bar. */
export function bars(counts: readonly number[], unicode: boolean): string {
  const levels = unicode ? BLOCKS : ASCII
  const most = Math.max(...counts, 1)
  return counts
    .map((count) => (count === 0 ? ' ' : (levels[Math.ceil((count * levels.length) / most) - 1] ?? '')))
    .join('')
}

/** Whether whoever reads the output can be expected to see more than ASCII: by the locale, as other tools do. */
export function showsUnicode(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): boolean {
  if (env.TERM === 'linux' || env.TERM === 'dumb') return false
  if (platform === 'win32') return env.WT_SESSION !== undefined || env.TERM_PROGRAM === 'vscode'
  if (platform === 'darwin') return true
  const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find((value) => value !== undefined && value !== '')
  return /utf-?8/i.test(locale ?? '')
}
