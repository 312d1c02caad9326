import { Args, Flags } from '@oclif/core'
import type { UploadedFile } from '../operate/upload/send.js'
import type { UploadEvent, UploadResult } from '../operate/upload/upload.js'
import { DatapipeCommand, type CommandContext, type Outcome } from '../ui/command.js'
import { formatBytes, plural } from '../ui/format.js'

const SAY_EVERY_MS = 5000

export default class Upload extends DatapipeCommand<UploadResult, typeof Upload> {
  static override summary = 'Send files to the raw bucket.'
  static override description = `Every file goes to inbox/<dataset>/<file name>, encrypted with the environment's key and checked by S3 against the checksum \
of this machine. A file whose content is there already is skipped. All files are looked at before the first is sent, and \
a file that changes meanwhile is not kept.

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
    const result = await upload(await context.aws(), plan, signal, progress(context))
    if (!quiet) {
      reporter.table(
        ['STATUS', 'SIZE', 'OBJECT', 'VERSION'],
        result.files.map((file) => [file.status, formatBytes(file.bytes), address(file), file.versionId]),
      )
    }
    const uploaded = result.files.filter(({ status }) => status === 'uploaded')
    if (uploaded.length > 0)
      reporter.info(`Process ${plural(uploaded.length, 'file')}: datapipe run --watch --env ${context.env}`)
    return { result }
  }
}

function address({ bucket, key }: UploadedFile): string {
  return `s3://${bucket}/${key}`
}

function progress(context: CommandContext): (event: UploadEvent) => void {
  const { reporter } = context
  let saidMs = Date.now()
  return (event) => {
    switch (event.type) {
      case 'upload.started':
        reporter.info(`Uploading ${event.path} (${formatBytes(event.bytes)}) to dataset ${event.dataset}`)
        break
      case 'upload.progress':
        if (Date.now() - saidMs < SAY_EVERY_MS) break
        saidMs = Date.now()
        reporter.info(
          `${event.path}: ${formatBytes(event.sentBytes)} of ${formatBytes(event.bytes)} (${Math.floor((100 * event.sentBytes) / event.bytes)} %)`,
        )
        break
      case 'upload.warning':
        context.warn(event.message)
        break
      case 'upload.finished':
      case 'upload.failed':
        break
    }
  }
}
