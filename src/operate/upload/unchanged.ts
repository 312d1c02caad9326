import { readContent, type Content } from './content.js'
import { partPlan } from './parts.js'
import { fileChanged, lookAgain, type Source } from './source.js'

/**
 * Makes sure that what was read of a file is what the file is. Normally its times tell; where they may not, it is read once
 * more. To be called before what was read becomes visible.
 * @throws DatapipeError FILE_CHANGED, FILE_NOT_READABLE; InterruptedError
 */
export async function requireUnchanged(
  source: Source,
  { sha256 }: Pick<Content, 'sha256'>,
  signal: AbortSignal,
): Promise<void> {
  const before = await lookAgain(source)
  if (!before.touched) return
  const now = await readContent(source, partPlan(source.bytes), signal)
  const after = await lookAgain(source)
  if (now.sha256 !== sha256 || after.changedNs !== before.changedNs) throw fileChanged(source)
}
