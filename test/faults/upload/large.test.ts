import { createHash } from 'node:crypto'
import { createReadStream, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { expect } from 'chai'
import { finished, type Document } from '../../support/cli.js'
import { ALL_FAULTS } from '../../support/faults.js'
import { MIB, most, Site, usageOf, type Usage } from './support.js'

const BYTES = ALL_FAULTS ? 20 * 10 ** 9 : 256 * MIB + 5

describe(`an upload of ${BYTES} bytes`, function () {
  this.timeout(3_600_000)
  let site: Site
  let path: string

  before(async () => {
    site = await Site.open({ keep: false })
    path = await site.writeSparse('a.csv', BYTES)
  })
  after(async () => {
    await rm(path, { force: true })
    await site.close()
  })

  it('needs little memory, reads once, and stores what the file is; cut off at three quarters, the rest', async () => {
    const parts = Math.ceil(BYTES / (8 * MIB))
    const cutAt = Math.floor(parts * 0.75)
    const first = await run('--quiet', (part, kill) => {
      if (part === cutAt) kill()
    })
    expect(first.code).to.equal(null)
    const [upload] = site.s3.store.uploads.values()
    const arrived = upload!.parts.size

    site.s3.calls.length = 0
    const second = await run('--json')
    expect(second.code).to.equal(0)
    expect(site.s3.sentParts().size).to.equal(parts - arrived)
    const { result } = JSON.parse(second.stdout) as Document<{ files: { sha256: string }[] }>
    expect(result.files[0]!.sha256).to.equal(await sha256(path))
    const [version] = site.s3.store.objects.get('inbox/a/a.csv') ?? []
    expect(version?.bytes).to.equal(BYTES)
    expect(version?.checksum).to.match(new RegExp(`-${parts}$`))

    for (const { bytesRead, usage } of [first, second]) {
      if (usage === undefined) continue
      expect(usage.peakBytes).to.be.lessThan(400 * MIB)
      // The file once, the part that decides whether to continue, and the program itself.
      expect(bytesRead).to.be.lessThan(BYTES + 100 * MIB)
    }
    for (const { bytesRead, cpuSeconds, seconds, usage } of [first, second]) {
      console.log(
        `      ${seconds.toFixed(1)} s, ${Math.round((usage?.peakBytes ?? 0) / MIB)} MiB at most, ${cpuSeconds.toFixed(1)} s CPU, ${(bytesRead / 10 ** 9).toFixed(2)} GB read`,
      )
    }
  })

  async function run(flag: string, at: (part: number, kill: () => void) => void = () => undefined) {
    let usage: Usage | undefined
    let cost = { bytesRead: 0, cpuSeconds: 0 }
    const started = Date.now()
    const child = site.user.start('upload', 'a.csv', flag)
    site.s3.options = {
      keep: false,
      executed: ({ operation }) => {
        if (operation !== 'UploadPart' && operation !== 'CompleteMultipartUpload') return
        usage = most(usage, usageOf(child.pid ?? 0))
        cost = costOf(child.pid ?? 0) ?? cost
        at(site.s3.count('UploadPart'), () => child.kill('SIGKILL'))
      },
    }
    const result = await finished(child)
    return { ...result, ...cost, usage, seconds: (Date.now() - started) / 1000 }
  }
})

/** What a process has read of files and connections, and computed, so far. */
function costOf(pid: number): { bytesRead: number; cpuSeconds: number } | undefined {
  try {
    const io = readFileSync(`/proc/${pid}/io`, 'utf8')
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // User and system time are fields 14 and 15 of proc(5), in hundredths of a second.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return {
      bytesRead: Number(/rchar: (\d+)/.exec(io)?.[1] ?? 0),
      cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100,
    }
  } catch {
    return undefined
  }
}

async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: MIB })) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
