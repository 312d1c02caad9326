import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateAgentCommand,
  DataSyncClient,
  DescribeTaskCommand,
  DescribeTaskExecutionCommand,
  ListAgentsCommand,
  ListLocationsCommand,
  ListTagsForResourceCommand,
  ListTasksCommand,
  StartTaskExecutionCommand,
} from '@aws-sdk/client-datasync'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { captureOutput } from '@oclif/test'
import { expect } from 'chai'
import { upperTags } from '../../../src/aws/tags.js'
import DatasyncActivate from '../../../src/commands/datasync/activate.js'
import DatasyncRun from '../../../src/commands/datasync/run.js'
import DatasyncStatus from '../../../src/commands/datasync/status.js'
import { SMB } from '../../operate/datasync/support.js'
import { arn, invalidRequest } from '../../resources/datasync/support.js'
import { testContext } from '../../support/resource.js'
import { suiteMock } from '../../support/suite-mock.js'

const KEY = 'CANAR-Y7FPP-RGG7M-C3I9R-327DO'

type Run = (argv: string[]) => Promise<unknown>
const activate: Run = (argv) => DatasyncActivate.run(argv, import.meta.url)
const status: Run = (argv) => DatasyncStatus.run(argv, import.meta.url)
const transfer: Run = (argv) => DatasyncRun.run(argv, import.meta.url)

interface Ran {
  stdout: string
  stderr: string
  exitCode: number | string | null | undefined
}

interface Answer {
  ok: boolean
  error?: { code: string }
  warnings: string[]
  result: { status?: string; steps?: unknown[]; execution?: { status: string } }
}

describe('datasync commands', () => {
  const datasync = suiteMock(DataSyncClient)
  const sts = suiteMock(STSClient)
  let folder: string
  let server: Server
  let address: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'datapipe-test-'))
    await writeFile(
      join(folder, 'on.yaml'),
      `project: sensors\nregion: us-east-1\ndatasync:\n  ${SMB}\n  schedule: rate(1 day)\n`,
    )
    await writeFile(join(folder, 'off.yaml'), 'project: sensors\nregion: us-east-1\n')
    server = createServer((_request, response) => response.end(KEY))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  after(async () => {
    await new Promise((resolve) => server.close(resolve))
    await rm(folder, { recursive: true, force: true })
  })

  beforeEach(() => {
    sts.reset()
    sts.on(GetCallerIdentityCommand).resolves({ Account: '111122223333' })
    datasync.reset()
    datasync.onAnyCommand().rejects(new Error('unexpected call'))
    datasync.on(ListAgentsCommand).resolves({ Agents: [] })
    datasync.on(ListLocationsCommand).resolves({ Locations: [] })
    datasync.on(ListTasksCommand).resolves({ Tasks: [] })
  })

  const run = async (command: Run, argv: string[], config = 'on.yaml'): Promise<Ran> => {
    const before = process.exitCode
    const { stderr, stdout } = await captureOutput(() => command([...argv, '--config', join(folder, config)]))
    const { exitCode } = process
    process.exitCode = before
    return { stdout, stderr, exitCode }
  }
  const json = async (...args: Parameters<typeof run>) => {
    const ran = await run(args[0], [...args[1], '--json'], args[2])
    return { ...(JSON.parse(ran.stdout) as Answer), exitCode: ran.exitCode, stderr: ran.stderr }
  }

  for (const [name, command] of Object.entries({ activate, status, run: transfer })) {
    it(`${name} says that nothing is configured, and asks AWS nothing`, async () => {
      const { error, exitCode } = await json(command, [], 'off.yaml')
      expect(error?.code).to.equal('DATASYNC_NOT_CONFIGURED')
      expect(exitCode).to.equal(2)
      expect(sts.calls()).to.have.length(0)
    })
  }

  it('activate tells what only a person can do, and does nothing', async () => {
    const { exitCode, stdout } = await run(activate, [])
    expect(exitCode).to.equal(6)
    for (const needed of [
      '4 vCPU',
      '80 GB',
      '32 GB',
      'TCP 443',
      'TCP 445',
      'TCP 80',
      '*.datasync.us-east-1.amazonaws.com',
    ])
      expect(stdout).to.include(needed)
    const { result } = await json(activate, [])
    expect(result.status).to.equal('to-prepare')
    expect(result.steps).to.have.length(5)
    expect(sts.calls()).to.have.length(0)
  })

  it('activate never shows the key, not even when DataSync quotes it', async () => {
    datasync.on(CreateAgentCommand).rejects(invalidRequest(`The activation key ${KEY} has expired`))
    for (const flags of [[], ['--debug'], ['--json'], ['--json', '--debug']]) {
      const { exitCode, stderr, stdout } = await run(activate, ['--agent-address', address, ...flags])
      expect(exitCode).to.equal(1)
      expect(stdout + stderr)
        .to.include('did not accept')
        .and.not.include('CANAR')
    }
    expect(datasync.commandCalls(CreateAgentCommand)[0]!.args[0].input.ActivationKey).to.equal(KEY)
  })

  it('status warns about what is missing', async () => {
    const { exitCode, ok, warnings } = await json(status, [])
    expect(ok).to.equal(true)
    expect(exitCode).to.equal(0)
    expect(warnings.join()).to.include('datapipe datasync activate')
    expect((await run(status, ['-q'])).stdout).to.match(/agent +missing/)
  })

  it('run ends with the outcome as its exit code, the same in words and in JSON', async () => {
    const tags = testContext().tags('ingestion/task', 'x')
    datasync.on(ListTasksCommand).resolves({ Tasks: [{ TaskArn: arn('task', 1) }] })
    datasync.on(ListTagsForResourceCommand).resolves({ Tags: upperTags(tags) })
    datasync.on(DescribeTaskCommand).resolves({ Status: 'AVAILABLE' })
    datasync.on(StartTaskExecutionCommand).resolves({ TaskExecutionArn: 'exec' })
    datasync.on(DescribeTaskExecutionCommand).resolves({
      Status: 'ERROR',
      FilesTransferred: 1234,
      Result: { ErrorCode: 'AccessDenied', ErrorDetail: 'mount failed' },
    })
    const answer = await json(transfer, ['--watch'])
    expect(answer.exitCode).to.equal(1)
    expect(answer.result.execution?.status).to.equal('ERROR')
    expect(answer.warnings).to.deep.equal(['DataSync says: AccessDenied: mount failed'])
    const words = await run(transfer, ['--watch'])
    expect(words.exitCode).to.equal(1)
    expect(words.stdout).to.include('1,234')
    expect(words.stderr).to.include('mount failed')
  })
})
