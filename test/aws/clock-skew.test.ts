import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2'
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { GetScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler'
import { ListStateMachinesCommand, SFNClient } from '@aws-sdk/client-sfn'
import { expect } from 'chai'
import { translateAwsError } from '../../src/aws/errors.js'
import { listen, type Proxy } from '../support/proxy.js'
import { errorAnswer } from '../support/realism/answers.js'
import { parseRequest } from '../support/realism/request.js'
import type { Refusal } from '../support/realism/rule.js'

const MINUTE = 60_000

describe('a wrong clock', () => {
  let aws: Proxy
  /** How much AWS is ahead of this machine. */
  let aheadMs = 0
  let refusal: Refusal
  /** Signed at a time that AWS takes: then it does what was asked. */
  let takesRightTime = false

  before(async () => {
    const server = createServer((incoming, response) => {
      void buffer(incoming).then((body) => {
        const now = Date.now() + aheadMs
        const request = parseRequest(incoming, body)
        const date = new Date(now).toUTCString()
        const signed = String(incoming.headers['x-amz-date'])
        const time = Date.parse(
          signed.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'),
        )
        if (takesRightTime && Math.abs(time - now) < 5 * MINUTE) {
          response.writeHead(200, { date, 'content-type': 'application/json' }).end('{"stateMachines":[]}')
          return
        }
        const answer = errorAnswer(request, refusal)
        response.writeHead(answer.status, { ...answer.headers, date }).end(answer.body)
      })
    })
    aws = await listen(server)
  })
  after(() => aws.stop())
  beforeEach(() => {
    aheadMs = 17 * MINUTE
    takesRightTime = false
  })

  const config = () => ({
    region: 'eu-north-1',
    endpoint: aws.endpoint,
    forcePathStyle: true,
    maxAttempts: 2,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  })
  const answerTo = async (call: () => Promise<unknown>) => {
    try {
      await call()
      return undefined
    } catch (error) {
      return translateAwsError(error)
    }
  }

  const s3 = () => new S3Client(config())
  const EXPIRED = 'Signature expired: 20260101T000000Z is now earlier than 20260101T001200Z'
  const SHAPES: [string, Refusal, () => Promise<unknown>][] = [
    [
      'S3',
      {
        code: 'RequestTimeTooSkewed',
        message: 'The difference between the request time and the current time is too large.',
        status: 403,
      },
      () => s3().send(new GetObjectCommand({ Bucket: 'b', Key: 'k' })),
    ],
    [
      'EC2',
      {
        code: 'AuthFailure',
        message: 'AWS was not able to validate the provided access credentials',
        status: 401,
      },
      () => new EC2Client(config()).send(new DescribeVpcsCommand({})),
    ],
    [
      'EC2, as an expired request',
      { code: 'RequestExpired', message: 'Request has expired.', status: 400 },
      () => new EC2Client(config()).send(new DescribeVpcsCommand({})),
    ],
    [
      'IAM',
      { code: 'SignatureDoesNotMatch', message: EXPIRED, status: 403 },
      () => new IAMClient(config()).send(new GetRoleCommand({ RoleName: 'r' })),
    ],
    [
      'Step Functions',
      { code: 'InvalidSignatureException', message: EXPIRED, status: 400 },
      () => new SFNClient(config()).send(new ListStateMachinesCommand({})),
    ],
    [
      'the scheduler',
      { code: 'InvalidSignatureException', message: EXPIRED, status: 403 },
      () => new SchedulerClient(config()).send(new GetScheduleCommand({ Name: 's' })),
    ],
  ]
  for (const [service, shape, call] of SHAPES) {
    it(`is recognized in the answer of ${service}, and its size is told`, async () => {
      refusal = shape
      const error = await answerTo(call)
      expect(error?.code).to.equal('CLOCK_SKEW')
      expect(error?.message).to.include('17 minutes behind')
      expect(error?.suggestions.join()).to.include('NTP')
    })
  }

  it('is not blamed for an expired login or wrong keys', async () => {
    aheadMs = 0
    refusal = { code: 'RequestExpired', message: 'Request has expired.' }
    const look = () => new EC2Client(config()).send(new DescribeVpcsCommand({}))
    expect((await answerTo(look))?.code).to.equal('EXPIRED_TOKEN')
    refusal = { code: 'AuthFailure', message: 'AWS was not able to validate', status: 401 }
    expect((await answerTo(look))?.code).to.equal('INVALID_CREDENTIALS')
  })

  it('is not blamed for what a policy denies', async () => {
    refusal = {
      code: 'AccessDeniedException',
      message: 'not authorized to perform: states:ListStateMachines',
    }
    const list = () => new SFNClient(config()).send(new ListStateMachinesCommand({}))
    expect((await answerTo(list))?.code).to.equal('ACCESS_DENIED')
  })

  it('costs no more than one attempt where AWS takes the corrected time', async () => {
    takesRightTime = true
    refusal = { code: 'InvalidSignatureException', message: EXPIRED, status: 400 }
    const list = () => new SFNClient(config()).send(new ListStateMachinesCommand({}))
    expect(await answerTo(list)).to.equal(undefined)
  })
})
