import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { mkdir, symlink } from 'node:fs/promises'
import { expect } from 'chai'
import { execa } from 'execa'
import { User } from '../../support/cli.js'
import { resetMoto, startMoto, type Moto } from '../../support/moto.js'
import { listen } from '../../support/proxy.js'
import { startRealisticAws, type RealisticAws } from '../../support/realism/double.js'
import type { Rule, Verdict } from '../../support/realism/rule.js'
import { natGateways } from '../../support/realism/rules/nat-gateway.js'
import { expectStopped, isLeased, stop } from './stopped.js'

const NEVER = new Promise<never>(() => undefined)

describe('signals in a wait', function () {
  this.timeout(240_000)
  let moto: Moto
  let aws: RealisticAws
  let user: User
  /** Asked about each call; `hold` never answers it. */
  let weather: (call: string) => 'hold' | Verdict = () => undefined
  let onStruck: () => void = () => undefined
  let isNatSlow = false

  before(async () => {
    moto = await startMoto()
    const rule = (service: string): Rule => ({
      name: 'as the test says',
      service,
      actions: 'all',
      before: async ({ action }) => {
        const verdict = weather(`${service}:${action}`)
        if (verdict === undefined) return undefined
        onStruck()
        return verdict === 'hold' ? NEVER : verdict
      },
    })
    const nat = natGateways({ looks: Infinity }).map((one) => ({
      ...one,
      ...(one.before && {
        before: ((...args) => (isNatSlow ? one.before!(...args) : undefined)) satisfies Rule['before'],
      }),
      ...(one.after && {
        after: ((request, body, emulator) =>
          isNatSlow ? one.after!(request, body, emulator) : body) satisfies Rule['after'],
      }),
    }))
    aws = await startRealisticAws(moto.endpoint, [
      ...['sts', 'iam', 's3', 'sqs', 'states', 'tagging', 'athena'].map(rule),
      ...nat,
    ])
    user = await User.create({
      AWS_ENDPOINT_URL: aws.endpoint,
      AWS_REGION: 'eu-north-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    })
  })
  afterEach(() => {
    weather = () => undefined
    onStruck = () => undefined
    isNatSlow = false
    aws.onCall = undefined
  })
  after(async () => {
    await user.leave()
    await aws.stop()
    await moto.stop()
  })

  /** When the weather has struck so often. */
  const struck = (times: number) =>
    new Promise<void>((resolve) => {
      let count = 0
      onStruck = () => {
        if (++count === times) resolve()
      }
    })
  const refuse = (code: string, message: string, status = 400): Verdict => ({
    refuse: { code, message, status },
  })
  const up = () => user.start('up', '--env', 'dev')

  const WAITS: [string, string, 'hold' | Verdict, number][] = [
    [
      'before another attempt at a call that is throttled',
      'iam:CreateRole',
      refuse('Throttling', 'Rate exceeded'),
      8,
    ],
    [
      'for a role that is not yet usable',
      'states:CreateStateMachine',
      refuse(
        'AccessDeniedException',
        'Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.',
      ),
      4,
    ],
    ['for an answer that does not come', 'sqs:CreateQueue', 'hold', 1],
    [
      'for S3, which is busy',
      's3:PUT versioning',
      refuse('SlowDown', 'Please reduce your request rate.', 503),
      4,
    ],
  ]
  for (const [what, call, verdict, times] of WAITS) {
    it(`stop up while it waits ${what}`, async () => {
      await resetMoto(moto.endpoint)
      weather = (made) => (made === call ? verdict : undefined)
      const waiting = struck(times)
      await expectStopped(await stop(up(), waiting, 'SIGINT'), user.folder)
      expect(await isLeased(moto.endpoint, 'dev')).to.equal(false)
    })
  }

  it('stop up while it waits for a NAT gateway, and the next up goes on', async () => {
    await resetMoto(moto.endpoint)
    await user.write('nat.yaml', 'network: { egress: nat }\n')
    const args = ['up', '--env', 'dev', '--config', 'nat.yaml']
    isNatSlow = true
    const waiting = new Promise<void>((resolve) => {
      let looks = 0
      aws.onCall = (call) => {
        if (call === 'ec2:CreateNatGateway') looks = 1
        if (call === 'ec2:DescribeNatGateways' && looks > 0 && ++looks > 3) resolve()
      }
    })
    await expectStopped(await stop(user.start(...args), waiting, 'SIGTERM'), user.folder)
    expect(await isLeased(moto.endpoint, 'dev')).to.equal(false)
    isNatSlow = false
    const again = await user.run(...args)
    expect(again.code, again.stderr).to.equal(0)
  })

  it('leave at once at the second, say how to go on, and what was reserved is nobody’s any more', async () => {
    await resetMoto(moto.endpoint)
    weather = (made) => (made === 'sqs:CreateQueue' ? 'hold' : undefined)
    const waiting = struck(1)
    const child = up()
    const told = waiting.then(async () => {
      child.kill('SIGINT')
      let seen = ''
      while (!seen.includes('Stopping:')) {
        const [chunk] = (await once(child.stderr!, 'data')) as [Buffer]
        seen += chunk.toString()
      }
    })
    const { code, stderr } = await stop(child, told, 'SIGINT')
    expect(code, stderr).to.equal(130)
    expect(stderr).to.include('Left at once. Run the same command again')
    weather = () => undefined
    const again = await user.run('up', '--env', 'dev')
    expect(again.code, again.stderr).to.equal(0)
  })

  it('stop what only looks while AWS does not answer', async () => {
    for (const [args, call] of [
      [['status', '--env', 'dev'], 'tagging:GetResources'],
      [['plan', '--env', 'dev'], 'sts:GetCallerIdentity'],
    ] as const) {
      weather = (made) => (made === call ? 'hold' : undefined)
      const waiting = struck(1)
      await expectStopped(await stop(user.start(...args), waiting, 'SIGINT'), user.folder)
    }
  })

  it('stop a query in the middle of its work', async () => {
    const sql = 'select sum(sqrt(a.range * b.range)) from range(10000000) a, range(10000000) b'
    const child = user.start('query', sql, '--env', 'dev')
    const working = new Promise<void>((resolve) => {
      // The last call to AWS is followed by nothing but the statement.
      aws.onCall = () => setTimeout(resolve, 1500)
    })
    await expectStopped(await stop(child, working, 'SIGINT'), user.folder)
  })

  it('stop a run and its worker while S3 does not answer', async () => {
    await user.write('datapipe.yaml', 'datasets: { temperature: { match: "*.csv" } }\n')
    await user.write('a.csv', 'x\n1\n')
    for (const args of [['up'], ['upload', 'a.csv']]) {
      const { code, stderr } = await user.run(...args, '--env', 'dev')
      expect(code, stderr).to.equal(0)
    }
    let isWorking = false
    weather = (made) => {
      isWorking ||= made === 's3:GET versionId'
      return isWorking && made === 's3:GET versionId' ? 'hold' : undefined
    }
    const waiting = struck(1)
    const child = user.start('run', '--watch', '--env', 'dev')
    await expectStopped(await stop(child, waiting, 'SIGTERM'), user.folder)
    weather = () => undefined
    const again = await user.run('run', '--watch', '--env', 'dev')
    expect(again.code, again.stderr).to.equal(0)
  })

  it('stop the installation of the embedded AWS, which then starts anew', async () => {
    let asked: () => void = () => undefined
    const waiting = new Promise<void>((resolve) => {
      asked = resolve
    })
    // A package index that never answers.
    const index = await listen(
      createServer(() => {
        asked()
      }),
    )
    const bin = join(user.folder, 'bin')
    await mkdir(bin)
    // The interpreter itself: a shim finds nothing without the rest of PATH, and one of a virtual environment may have moto.
    const asking = ['-c', 'import sys; print(getattr(sys, "_base_executable", sys.executable))']
    const { stdout: python } = await execa('python3', asking)
    await symlink(python, join(bin, 'python3'))
    const other = await User.create({
      PATH: bin,
      PIP_INDEX_URL: index.endpoint,
      PYTHONPATH: undefined,
      HOME: user.folder,
    })
    try {
      const stopped = await stop(other.start('local', 'start'), waiting, 'SIGINT')
      await expectStopped(stopped, user.folder)
    } finally {
      await other.leave()
      await index.stop()
    }
  })
})
