import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs'
import { expect } from 'chai'
import { User, type Document } from '../support/cli.js'
import { resetMoto } from '../support/moto.js'
import { startProxy } from '../support/proxy.js'
import { present, snapshot } from '../support/snapshot.js'

interface Expected {
  code: string
  exit: number
  message: string | RegExp
}

describe('bad input through the built CLI', function () {
  this.timeout(120_000)
  let user: User
  let endpoint: string

  before(async () => {
    user = await User.create()
    endpoint = await user.startLocal()
  })
  after(() => user.leave())
  beforeEach(async () => {
    await resetMoto(endpoint)
    await user.write('datapipe.yaml', '')
  })

  /** The same failure in JSON and in words, with the same exit code; and something to do next. */
  const expectFailure = async (expected: Expected, ...args: string[]): Promise<Document<unknown>> => {
    const document = await user.json(...args)
    expect(document.error?.code, document.error?.message).to.equal(expected.code)
    if (typeof expected.message === 'string') expect(document.error?.message).to.equal(expected.message)
    else expect(document.error?.message).to.match(expected.message)
    expect(document.ok).to.equal(false)
    expect(document.code).to.equal(expected.exit)
    const words = await user.run(...args)
    expect(words.code).to.equal(expected.exit)
    expect(words.stdout).to.equal('')
    expect(words.stderr).to.contain(`Error: ${document.error?.message}`)
    expect(words.stderr).not.to.match(/\n\s+at /)
    return document
  }
  /** Nothing was made in the account by what failed. */
  const expectUntouched = async () => {
    expect(present(await snapshot(endpoint))).to.deep.equal({})
  }

  describe('configuration', () => {
    for (const command of ['plan', 'up', 'status']) {
      it(`${command}: an unknown key`, async () => {
        await user.write('datapipe.yaml', 'project: sensors\nnetwrok: { zones: 2 }\n')
        const { error } = await expectFailure(
          { code: 'CONFIG_UNKNOWN_KEY', exit: 2, message: /^datapipe\.yaml:2:1: .*netwrok/ },
          command,
          '--env',
          'local',
        )
        expect(error?.message).to.match(/did you mean `?network`?/i)
        await expectUntouched()
      })
    }

    it('YAML that cannot be read', async () => {
      await user.write('datapipe.yaml', 'datasets:\n  temperature: [unclosed\n')
      await expectFailure(
        { code: 'CONFIG_SYNTAX', exit: 2, message: /^datapipe\.yaml:\d+:\d+: / },
        'up',
        '--env',
        'local',
      )
      await expectUntouched()
    })

    it('a value of the wrong type', async () => {
      await user.write('datapipe.yaml', 'network: { zones: many }\n')
      await expectFailure(
        { code: 'CONFIG_INVALID', exit: 2, message: /^datapipe\.yaml:1:19: `network\.zones`/ },
        'up',
        '--env',
        'local',
      )
      await expectUntouched()
    })

    it('a file that is not there', async () => {
      await expectFailure(
        { code: 'CONFIG_NOT_FOUND', exit: 2, message: 'There is no configuration file nowhere.yaml.' },
        'plan',
        '--config',
        'nowhere.yaml',
      )
    })
  })

  describe('files', () => {
    const upload = (...args: string[]) => ['upload', '--env', 'local', ...args]

    it('a dataset that nobody knows', async () => {
      await user.write('datapipe.yaml', 'datasets: { temperature: { match: "*.csv" } }\n')
      const path = await user.write('a.csv', 'a\n1\n')
      const { error } = await expectFailure(
        {
          code: 'UNKNOWN_DATASET',
          exit: 2,
          message: 'There is no dataset "temperatur" in the configuration.',
        },
        ...upload(path, '--dataset', 'temperatur'),
      )
      expect(error?.suggestions).to.include('Did you mean temperature?')
    })

    it('a file that is not there', async () => {
      await expectFailure(
        { code: 'FILE_NOT_FOUND', exit: 1, message: 'There is no file none.csv.' },
        ...upload('none.csv'),
      )
    })

    it('nothing that matches --newest', async () => {
      await expectFailure(
        { code: 'NO_MATCHING_FILE', exit: 1, message: /^No file matches \*_data\.csv/ },
        ...upload('--newest', '*_data.csv'),
      )
    })

    it('an empty file', async () => {
      await user.write('empty.csv', '')
      await expectFailure(
        { code: 'FILE_EMPTY', exit: 1, message: /empty\.csv is empty/ },
        ...upload('empty.csv'),
      )
    })

    it('a directory', async () => {
      await mkdir(join(user.folder, 'folder.csv'), { recursive: true })
      await expectFailure(
        { code: 'FILE_IS_A_DIRECTORY', exit: 1, message: /folder\.csv is a directory/ },
        ...upload('folder.csv'),
      )
    })

    it('an environment that is not up', async () => {
      await user.write('good.csv', 'a\n1\n')
      const { error } = await expectFailure(
        { code: 'ENVIRONMENT_NOT_UP', exit: 1, message: /^Environment local has no / },
        ...upload('good.csv'),
      )
      expect(error?.suggestions.join('\n')).to.contain('datapipe up --env local')
    })
  })

  describe('transform', () => {
    const cases: (Expected & { name: string; content: string | Buffer })[] = [
      { name: 'empty', content: '', code: 'FILE_EMPTY', exit: 1, message: /is empty/ },
      { name: 'header-only', content: 'a,b\n', code: 'FILE_HAS_NO_ROWS', exit: 1, message: /no rows/ },
      {
        name: 'utf16',
        content: Buffer.from('a,b\n1,2\n', 'utf16le'),
        code: 'FILE_NOT_UTF8',
        exit: 1,
        message: /UTF-16/,
      },
      {
        name: 'binary',
        content: Buffer.concat([Buffer.from('PK\u0003\u0004'), Buffer.alloc(64, 0xff)]),
        code: 'FILE_NOT_TEXT',
        exit: 1,
        message: /ZIP/,
      },
    ]
    for (const { code, content, exit, message, name } of cases) {
      it(name, async () => {
        await user.write(`${name}.csv`, content)
        await expectFailure({ code, exit, message }, 'transform', `${name}.csv`, '--out', `out-${name}`)
      })
    }
  })

  describe('AWS', () => {
    const REMOTE = { AWS_REGION: 'eu-north-1' }

    /** Another user, whose environment variables say how to reach AWS. */
    const withEnvironment = async (env: NodeJS.ProcessEnv, check: () => Promise<void>) => {
      const before = { ...user.env }
      Object.assign(user.env, REMOTE, env)
      try {
        await check()
      } finally {
        for (const key of Object.keys(user.env)) if (!(key in before)) Reflect.deleteProperty(user.env, key)
        Object.assign(user.env, before)
      }
    }
    const LOGIN = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }

    it('no credentials', () =>
      withEnvironment({}, async () => {
        await expectFailure({ code: 'NO_CREDENTIALS', exit: 2, message: /credentials/ }, 'up', '--env', 'dev')
      }))

    it('an address where nobody answers', () =>
      withEnvironment({ ...LOGIN, AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }, async () => {
        await expectFailure(
          {
            code: 'ENDPOINT_UNREACHABLE',
            exit: 1,
            message: 'Cannot reach http://127.0.0.1:9 (ECONNREFUSED).',
          },
          'plan',
          '--env',
          'dev',
        )
      }))

    it('a login that has expired', async () => {
      const server = createServer((_request, response) => {
        response.writeHead(403, { 'content-type': 'text/xml' })
        response.end(
          '<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code>' +
            '<Message>The security token included in the request is expired</Message></Error></ErrorResponse>',
        )
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      try {
        await withEnvironment({ ...LOGIN, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` }, async () => {
          const { error } = await expectFailure(
            { code: 'EXPIRED_TOKEN', exit: 1, message: 'Your AWS login has expired or is missing.' },
            'plan',
            '--env',
            'dev',
          )
          expect(error?.suggestions.join('\n')).to.contain('aws sso login')
        })
      } finally {
        server.close()
      }
    })

    it('another account than the pinned one', () =>
      withEnvironment({ ...LOGIN, AWS_ENDPOINT_URL: endpoint }, async () => {
        await user.write('datapipe.yaml', 'environments: { prod: { account: "222233334444" } }\n')
        await expectFailure(
          {
            code: 'WRONG_ACCOUNT',
            exit: 2,
            message: /222233334444.*123456789012|123456789012.*222233334444/,
          },
          'up',
          '--env',
          'prod',
        )
        await expectUntouched()
      }))

    it('a bucket of our name that belongs to somebody else', async () => {
      // The emulator does not look at ExpectedBucketOwner; AWS answers like this.
      const bucket = 'dp-dev-raw-123456789012-eu-north-1-an'
      const proxy = await startProxy(endpoint, ({ method, url }, response) => {
        if (method !== 'HEAD' || !url?.startsWith(`/${bucket}`)) return false
        response.writeHead(403).end()
        return true
      })
      try {
        await withEnvironment({ ...LOGIN, AWS_ENDPOINT_URL: proxy.endpoint }, async () => {
          const { error } = await expectFailure(
            { code: 'BUCKET_NOT_OURS', exit: 1, message: new RegExp(bucket) },
            'up',
            '--env',
            'dev',
          )
          expect(error?.suggestions).not.to.deep.equal([])
        })
      } finally {
        await proxy.stop()
      }
      await expectUntouched()
    })

    it('a queue of our name without our tags', async () => {
      const sqs = new SQSClient({
        endpoint,
        region: 'eu-north-1',
        credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      })
      await sqs.send(new CreateQueueCommand({ QueueName: 'dp-local-failed' }))
      const { error } = await expectFailure(
        {
          code: 'FOREIGN_RESOURCE',
          exit: 1,
          message: /^messaging\/failed: .*dp-local-failed exists already/,
        },
        'up',
        '--env',
        'local',
      )
      expect(error?.suggestions.join('\n')).to.contain('--adopt messaging/failed')
      expect(present(await snapshot(endpoint))).to.deep.equal({ queues: ['dp-local-failed'] })
    })
  })

  describe('down', () => {
    it('without a confirmation where there is no terminal', async () => {
      await expectFailure(
        {
          code: 'CONFIRMATION_REQUIRED',
          exit: 2,
          message: 'Removing local needs a confirmation, and there is nobody to ask. Nothing was touched.',
        },
        'down',
        '--env',
        'local',
      )
    })

    it('with the name of another environment', async () => {
      await expectFailure(
        {
          code: 'CONFIRMATION_WRONG',
          exit: 2,
          message: '--confirm says prod, but the environment is local. Nothing was touched.',
        },
        'down',
        '--env',
        'local',
        '--confirm',
        'prod',
      )
    })

    it('of a protected environment with --yes', async () => {
      await user.write('datapipe.yaml', 'environments: { local: { endpoint: embedded, protect: true } }\n')
      await expectFailure(
        {
          code: 'ENVIRONMENT_PROTECTED',
          exit: 2,
          message: 'local is protected: --yes and a prompt are not enough. Nothing was touched.',
        },
        'down',
        '--env',
        'local',
        '--yes',
      )
    })
  })
})
