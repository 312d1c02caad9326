import { expect } from 'chai'
import {
  failureNotification,
  noSuccessNotification,
  successNotification,
} from '../../src/pipeline/notifications.js'
import type { Json } from '../../src/local/asl/json.js'
import { expectGolden } from '../support/golden.js'
import { machine, run } from '../local/asl/run.js'

const settings = { env: 'dev', topicArn: 'arn:aws:sns:us-east-1:111122223333:dp-dev-alerts' }
const KEY = `inbox/temp/a 'quoted' "file" {}\\=ö.csv`
const DATA = {
  bucket: 'raw',
  key: KEY,
  versionId: 'v1',
  error: { Error: 'datapipe.DataError', Cause: '{"Containers":[{"ExitCode":64}]}' },
  read: { result: { rowsIn: 1000, rowsOut: 24_812, rowsRejected: 3, seconds: 42 } },
  last: { time: '2026-01-01T00:00:00Z' },
}

/** What SNS gets, with the execution's own id left out. */
async function published(parameters: object): Promise<{ Subject: string; Message: string }> {
  let seen: Json = {}
  const state = { Type: 'Task', Resource: 'publish', Parameters: parameters, End: true }
  const outcome = await run(machine({ Publish: state }), DATA, {
    handlers: {
      publish: ({ parameters: given }) => {
        seen = given
        return Promise.resolve({})
      },
    },
  })
  expect(outcome.status, outcome.cause).to.equal('SUCCEEDED')
  return seen as unknown as { Subject: string; Message: string }
}

describe('notifications', () => {
  const all = {
    failure: failureNotification(settings),
    success: successNotification(settings, false),
    'success-with-numbers': successNotification(settings, true),
    'no-success': noSuccessNotification(settings, 35),
  }
  for (const [name, parameters] of Object.entries(all)) {
    it(`${name} reads as reviewed`, async () => {
      const { Message, Subject } = await published(parameters)
      expectGolden(`notifications/${name}.txt`, `Subject: ${Subject}\n\n${Message}\n`)
    })

    it(`${name} has a subject that SNS takes, whatever the name of the environment`, () => {
      // Printable ASCII, at most 100 characters, beginning with a letter or a digit.
      expect(parameters.Subject).to.match(/^[A-Za-z0-9][ -~]{0,99}$/)
      expect(parameters.Subject).not.to.include('inbox')
    })
  }

  it('say which file, unharmed by quotes and braces, and what to type', async () => {
    const { Message } = await published(all.failure)
    expect(Message).to.include(`s3://raw/${KEY}`)
    expect(Message).to.include('datapipe.DataError').and.include('datapipe run --watch --env dev --file')
    expect(Message.split('\n').length).to.be.greaterThan(10)
    expect((await published(all.success)).Message).to.include(`s3://raw/${KEY}`)
  })
})
