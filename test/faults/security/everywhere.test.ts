import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  GetBucketPolicyCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectVersionsCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { GetTopicAttributesCommand, ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns'
import { GetQueueAttributesCommand, ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs'
import { expect } from 'chai'
import { Canaries, plantLogins, plantVariables } from '../../security/canaries.js'
import { ProcessWatch } from '../../security/processes.js'
import { User } from '../../support/cli.js'
import { ALL_FAULTS, faultPositions } from '../../support/faults.js'

/** Of two. */
const SAMPLE = Number(faultPositions('everywhere', 2).next().value)

interface Statement {
  Effect: string
  Principal: unknown
  Action: string | string[]
  Resource: string | string[]
  Condition?: { Bool?: Record<string, string> }
}

const CONFIG = `project: canary
schedule: { cron: "0 6 1 * ? *" }
notify: { email: [ops@example.com] }
monitoring: { alarms: true, dashboard: true, noSuccessDays: 7, rejectedRowsPerDay: 10 }
datasets:
  people:
    match: "people*.csv"
    columns:
      id: integer
      email: { type: string, pii: hash }
      name: { type: string, pii: mask }
      ssn: { type: bigint, pii: drop }
    rejects: { max: 10 }
  others: { match: "others/*", rejects: { max: 100% } }
`

/** Shell, SQL, paths, state machines, terminals: names that a file can have. */
const NAMES = [
  `$(touch PWNED).csv`,
  `a'; DROP TABLE people; --.csv`,
  `a"b{c}[d]*?.csv`,
  `$.States.Format('{}').csv`,
  `invoice\u202Efdp.csv`,
  `-rf.csv`,
  `constructor.csv`,
  `%2e%2e%2fPWNED.csv`,
]

describe('a whole life with secrets in every place', function () {
  this.timeout(600_000)
  let user: User
  let canaries: Canaries
  let watch: ProcessWatch
  let clients: { s3: S3Client; sns: SNSClient; sqs: SQSClient }
  let endpoint: string
  const printed: string[] = []

  /** Runs a command in this environment; what it prints is looked through at the end. */
  const run = async (words: string[], more: NodeJS.ProcessEnv = {}) => {
    Object.assign(user.env, more)
    const result = await user.run(...words)
    for (const name of Object.keys(more)) Reflect.deleteProperty(user.env, name)
    printed.push(result.stdout + result.stderr)
    const found = canaries.foundIn(result.stdout + result.stderr)
    expect(found, `${words.join(' ')}\n${result.stdout}${result.stderr}`).to.deep.equal([])
    return result
  }
  const local = (...words: string[]) => run([...words, '--env', 'local'])

  before(async () => {
    canaries = new Canaries('everywhere')
    user = await User.create(plantVariables(canaries))
    const { HOME, ...logins } = await plantLogins(user.folder, canaries)
    Object.assign(user.env, logins, { HOME, TMPDIR: join(user.folder, 'tmp') })
    await mkdir(join(user.folder, 'tmp'))
    await mkdir(join(user.folder, 'inputs'))
    await user.write('datapipe.yaml', CONFIG)
    const cell = (what: string) => canaries.word(`cell: ${what}`)
    await user.write(
      'inputs/people.csv',
      [
        'id,email,name,ssn',
        `1,${cell('email')},${cell('name')},8112218901`,
        `2,${cell('email of a bad row')},${cell('name of a bad row')},${cell('ssn')}`,
        `x,${cell('email of a bad id')},${cell('name of a bad id')},1`,
        `3,${cell('email of a long row')},a,1,${cell('rest of a long row')}`,
        '',
      ].join('\n'),
    )
    for (const name of NAMES) await user.write(join('inputs', name), 'a,b\n1,2\n3\n')
    watch = new ProcessWatch(canaries)
    endpoint = await user.startLocal()
    const options = {
      endpoint,
      region: 'eu-north-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    }
    clients = {
      s3: new S3Client({ ...options, forcePathStyle: true }),
      sns: new SNSClient(options),
      sqs: new SQSClient(options),
    }
  })
  after(async () => {
    await watch.stop()
    for (const client of Object.values(clients)) client.destroy()
    await user.leave()
  })

  it('prints none of them, whatever it is asked for and however much it tells', async () => {
    expect((await run(['up', '--env', 'local', '--yes'], { DEBUG: '*' })).code).to.equal(0)
    expect((await local('plan', '--json', '--debug')).code).to.equal(0)
    expect((await local('upload', 'inputs/people.csv')).code).to.equal(0)
    const others = await local('upload', '--dataset', 'others', ...NAMES.map((name) => `./inputs/${name}`))
    expect(others.code, others.stderr).to.equal(0)
    const ran = await run(['run', '--watch', '--env', 'local', '--debug'], { NODE_DEBUG: 'http' })
    expect(ran.code, ran.stderr).to.equal(0)
    const more = [
      ['history'],
      ['history', '--json'],
      ['show', 'people/people.csv', '--json'],
      ['rejects', 'list'],
      ['rejects', 'show', 'people/people.csv', '--debug'],
      ['rejects', 'export', 'people/people.csv', '--out', 'bad.csv'],
      ['rejects', 'export', 'people/people.csv', '--out', 'bad.parquet'],
      ['query', 'select * from people'],
      ['query', 'select * from datapipe_rejects', '--format', 'csv'],
      ['query', 'select broken from nowhere', '--debug'],
      ['status', '--json'],
      ['cost'],
      ['dlq', 'list'],
      ['iam', 'policy', '--for', 'operator'],
      ['run', '--file', 'inbox/people/people.csv', '--json'],
    ]
    for (const words of more.filter((_words, index) => ALL_FAULTS || index % 2 === SAMPLE))
      await local(...words)
    expect((await local('up', '--yes', '-q')).code).to.equal(0)
  })

  it('repeats no password that stands in the place of its ARN', async () => {
    const password = canaries.secret('password in datapipe.yaml')
    await user.write(
      'home/smb.yaml',
      `datasync: { location: { type: smb, host: h, path: /s, user: u, secretArn: ${JSON.stringify(password)} } }\n`,
    )
    for (const flags of [[], ['--json', '--debug']]) {
      const { code } = await local('plan', '-c', 'home/smb.yaml', ...flags)
      expect(code).to.equal(2)
    }
  })

  it('takes names of files for nothing else than names', async () => {
    await user.write('inputs/clear\u001B[2J.csv', 'a\n1\n')
    const refused = await local('upload', '--dataset', 'others', 'inputs/clear\u001B[2J.csv')
    expect(refused.code).to.equal(1)
    expect(refused.stderr).to.include('control character').and.not.include('\u001B')
    const { stdout } = await local('query', 'select count(*) as n from others', '--format', 'csv')
    expect(stdout).to.equal(`n\r\n${NAMES.length}\r\n`)
    const shown = await local('history')
    expect(shown.stdout + shown.stderr).to.include('constructor.csv')
    for (const entry of await readdir(user.folder, { recursive: true }))
      expect(entry.split('/').at(-1)).not.to.equal('PWNED')
  })

  it('lets nobody in without TLS: every bucket, queue and topic', async () => {
    const policies: [of: string, arn: string, policy: string][] = []
    const { Buckets = [] } = await clients.s3.send(new ListBucketsCommand({}))
    for (const { Name = '' } of Buckets) {
      const { Policy = '{}' } = await clients.s3.send(new GetBucketPolicyCommand({ Bucket: Name }))
      policies.push([Name, `arn:aws:s3:::${Name}`, Policy])
    }
    const { QueueUrls = [] } = await clients.sqs.send(new ListQueuesCommand({}))
    for (const QueueUrl of QueueUrls) {
      const { Attributes = {} } = await clients.sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['Policy', 'QueueArn'] }),
      )
      policies.push([QueueUrl, Attributes.QueueArn ?? '', Attributes.Policy ?? '{}'])
    }
    const { Topics = [] } = await clients.sns.send(new ListTopicsCommand({}))
    for (const { TopicArn = '' } of Topics) {
      const { Attributes = {} } = await clients.sns.send(new GetTopicAttributesCommand({ TopicArn }))
      policies.push([TopicArn, TopicArn, Attributes.Policy ?? '{}'])
    }
    expect([Buckets.length, QueueUrls.length, Topics.length]).to.deep.equal([4, 2, 1])
    for (const [of, arn, text] of policies) {
      const { Statement: statements = [] } = JSON.parse(text) as { Statement?: Statement[] }
      const deny = statements.filter(
        ({ Condition, Effect }) => Effect === 'Deny' && Condition?.Bool?.['aws:SecureTransport'] === 'false',
      )
      const resources = deny.flatMap(({ Resource }) => Resource)
      expect(
        deny.map(({ Principal }) => JSON.stringify(Principal)),
        of,
      ).to.satisfy((all: string[]) =>
        all.every((principal) => principal === '"*"' || principal === '{"AWS":"*"}'),
      )
      expect(resources, of).to.include(arn)
      if (arn.startsWith('arn:aws:s3')) expect(resources, of).to.include(`${arn}/*`)
    }
  })

  it('leaves none of them anywhere: files, logs, objects, what the emulator knows, processes', async () => {
    const found: string[] = []
    const looked: string[] = []
    const look = (where: string, content: string | Buffer) => {
      looked.push(where)
      for (const place of canaries.foundIn(content)) found.push(`${place}: ${where}`)
    }
    const versions: { bucket: string; key: string; version: string | undefined }[] = []
    const { Buckets = [] } = await clients.s3.send(new ListBucketsCommand({}))
    for (const { Name: bucket = '' } of Buckets) {
      const { Versions = [] } = await clients.s3.send(new ListObjectVersionsCommand({ Bucket: bucket }))
      for (const { Key: key = '', VersionId: version } of Versions) versions.push({ bucket, key, version })
    }
    for (const { bucket, key, version } of versions) {
      // The files themselves, as they were uploaded.
      if (bucket.includes('-raw-')) continue
      const { Body } = await clients.s3.send(
        new GetObjectCommand({ Bucket: bucket, Key: key, VersionId: version }),
      )
      look(`${bucket}/${key}`, Buffer.from((await Body?.transformToByteArray()) ?? []))
    }
    const state = await fetch(`${endpoint}/moto-api/data.json`)
    look('the emulator', await state.text())
    for (const entry of await readdir(user.folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name)
      const holds = ['home', 'inputs'].some((name) => path.startsWith(join(user.folder, name)))
      if (entry.isFile() && !holds) look(path, await readFile(path))
    }
    expect(found).to.deep.equal([])
    expect(looked.join('\n'))
      .to.match(/moto\.log/)
      .and.to.match(/logs\/.*\.log/)
      .and.to.match(/datapipe_runs\//)
    expect([...watch.found]).to.deep.equal([])
    expect(watch.tasks.size, 'tasks seen').to.be.greaterThan(0)
    // It would have found them.
    const raw = versions.find(({ bucket, key }) => bucket.includes('-raw-') && key.endsWith('people.csv'))
    const { Body } = await clients.s3.send(new GetObjectCommand({ Bucket: raw?.bucket, Key: raw?.key }))
    expect(canaries.foundIn((await Body?.transformToString()) ?? '')).to.include('cell: email')
  })

  it('tells none of them when everything is taken down', async () => {
    expect((await local('down', '--yes', '--debug')).code).to.equal(0)
    expect(printed.join('')).to.include('"ok": true')
  })
})
