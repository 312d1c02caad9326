import { Args, Flags } from '@oclif/core'
import type { UploadedFile } from '../operate/upload/send.js'
import type { UploadEvent, UploadPlanItem, UploadResult } from '../operate/upload/upload.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../ui/command.js'
import { formatBytes, formatCount, formatDuration, plural } from '../ui/format.js'
import type { Reporter } from '../ui/reporter.js'

const SAY_EVERY_MS = 5000
const SHOW_EVERY_MS = 250
/** More are told as sums. */
const NAMED_FILES = 20
/** The lifecycle rule of the raw bucket. */
const KEPT_DAYS = 7

export default class Upload extends DatapipeCommand<UploadResult, typeof Upload> {
  static override summary = 'Send files to the raw bucket.'
  static override description = `Every file goes to inbox/<dataset>/<file name>, encrypted with the environment's key and checked by S3 against the checksum \
of this machine. A file whose content is there already is skipped. All files are looked at before the first is sent, and \
a file that changes meanwhile is not kept.

An upload that was cut off, by whatever, is continued by the same command: what arrived of a large file is compared with the \
file and not sent again. What nobody continues is removed after 7 days.

--newest takes the file with the latest date in its name (YYYYMMDD, YYYY-MM-DD, YYYYMM, YYYY-MM; a month counts as its \
first day). Same date: the one modified last, then the last by name. Files without a date count only when none has one.

Made for cron: with --quiet only problems are printed, and a second upload of the same file ends with exit code 4 while \
the first is under way.`
  static override examples = [
    '<%= config.bin %> <%= command.id %> 20230703_measurement_data.csv --env dev',
    {
      description: 'From cron, every night',
      command:
        "<%= config.bin %> <%= command.id %> --quiet --env prod --newest '/exports/*_measurement_data.csv'",
    },
    '<%= config.bin %> <%= command.id %> a.csv b.csv --dataset temperature',
  ]
  static override args = {
    // A cron job's standard input is none of our business.
    file: Args.string({ description: 'Files to send.', multiple: true, ignoreStdin: true }),
  }
  static override flags = {
    dataset: Flags.string({
      char: 'd',
      description: 'Dataset of the files. [default: by their names]',
      helpValue: 'NAME',
    }),
    newest: Flags.string({
      description: 'Send the newest file that matches (quote the pattern).',
      helpValue: 'GLOB',
    }),
  }

  protected async perform(context: CommandContext): Promise<Outcome<UploadResult>> {
    const { cwd, environment, reporter, signal } = context
    const { planUpload, upload } = await import('../operate/upload/upload.js')
    const { dataset, newest, quiet } = this.flags
    const plan = await planUpload({ files: this.args.file ?? [], newest, dataset, cwd }, environment.datasets)
    const progress = new Progress(context, plan)
    const result = await upload(await context.aws(), plan, signal, (event) => progress.add(event))
    if (!quiet) showResult(reporter, result.files)
    const uploaded = result.files.filter(({ status }) => status === 'uploaded')
    if (uploaded.length > 0)
      reporter.info(`Process ${plural(uploaded.length, 'file')}: datapipe run --watch --env ${context.env}`)
    return { result }
  }
}

function showResult(reporter: Reporter, files: readonly UploadedFile[]): void {
  if (files.length <= NAMED_FILES) {
    reporter.table(
      ['STATUS', 'SIZE', 'OBJECT', 'VERSION'],
      files.map((file) => [
        file.status,
        formatBytes(file.bytes),
        `s3://${file.bucket}/${file.key}`,
        file.versionId,
      ]),
    )
    return
  }
  const rows = (['uploaded', 'skipped'] as const).flatMap((status) => {
    const those = files.filter((file) => file.status === status)
    const bytes = those.reduce((sum, file) => sum + file.bytes, 0)
    return those.length === 0 ? [] : [[status, formatCount(those.length), formatBytes(bytes)]]
  })
  reporter.table(['STATUS', 'FILES', 'SIZE'], rows)
}

/** How far it is, how fast it goes and how long it will take: on a terminal in one line, elsewhere every five seconds. */
class Progress {
  readonly #context: CommandContext
  readonly #files: number
  readonly #bytes: number
  /** Of every file under way, what is in S3. */
  readonly #underWay = new Map<string, { sent: number; kept: number }>()
  readonly #startedMs = Date.now()
  #saidMs = this.#startedMs
  #doneFiles = 0
  #doneBytes = 0
  #sentBytes = 0

  constructor(context: CommandContext, plan: readonly UploadPlanItem[]) {
    this.#context = context
    this.#files = plan.length
    this.#bytes = plan.reduce((sum, { source }) => sum + source.bytes, 0)
    if (this.#files > NAMED_FILES) {
      context.reporter.info(`Uploading ${plural(this.#files, 'file')} (${formatBytes(this.#bytes)})`)
    }
  }

  add(event: UploadEvent): void {
    const { reporter } = this.#context
    switch (event.type) {
      case 'upload.started':
        this.#underWay.set(event.path, { sent: 0, kept: 0 })
        if (this.#files <= NAMED_FILES) {
          reporter.info(`Uploading ${event.path} (${formatBytes(event.bytes)}) to dataset ${event.dataset}`)
        }
        break
      case 'upload.progress': {
        const file = this.#underWay.get(event.path)
        this.#sentBytes += event.sentBytes - (file?.sent ?? 0)
        this.#underWay.set(event.path, { sent: event.sentBytes, kept: event.keptBytes })
        this.#say()
        break
      }
      case 'upload.left':
        reporter.info(
          `${event.path}: ${formatBytes(event.leftBytes)} of ${formatBytes(event.bytes)} have arrived and stay for ${KEPT_DAYS} days. Run the same command again: it sends the rest.`,
        )
        break
      case 'upload.warning':
        this.#context.warn(event.message)
        break
      case 'upload.finished':
        this.#end(event.file.path, event.file.bytes)
        break
      case 'upload.failed':
        this.#end(event.path, 0)
        break
    }
  }

  #end(path: string, bytes: number): void {
    this.#underWay.delete(path)
    this.#doneFiles++
    this.#doneBytes += bytes
    this.#say()
  }

  #say(): void {
    const { reporter } = this.#context
    const now = Date.now()
    if (now - this.#saidMs < (reporter.isLive ? SHOW_EVERY_MS : SAY_EVERY_MS)) return
    this.#saidMs = now
    if (reporter.isLive) reporter.status(this.#line(now))
    else reporter.info(this.#line(now))
  }

  #line(now: number): string {
    const [only] = this.#files === 1 ? this.#underWay.keys() : []
    const files = `${formatCount(this.#doneFiles)} of ${plural(this.#files, 'file')}`
    let there = this.#doneBytes
    for (const { kept, sent } of this.#underWay.values()) there += Math.min(kept + sent, this.#bytes)
    const percent = Math.floor((100 * there) / this.#bytes)
    const size = `${formatBytes(there)} of ${formatBytes(this.#bytes)} (${percent} %)`
    const perMs = this.#sentBytes / (now - this.#startedMs)
    const left = Math.max(0, this.#bytes - there)
    const speed = perMs === 0 ? '' : `, ${formatBytes(perMs * 1000)}/s, ${formatDuration(left / perMs)} left`
    return `${only ?? files}: ${size}${speed}`
  }
}
