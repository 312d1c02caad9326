import { S3Client } from '@aws-sdk/client-s3'
import type { ClientConfig } from '../../aws/clients.js'

interface Request {
  headers: Record<string, string>
}

/** Longest pause in a conversation; S3 sends spaces while it puts a large object together. */
const SILENCE_MS = 120_000
const CONNECT_MS = 15_000

/**
 * An S3 client for bodies. It sends no `Expect: 100-continue`, after which the SDK closes connections. The SHA-256 that S3
 * checks a body against is also the one that the signature covers, so that no body is hashed twice. A connection that says
 * nothing any more is given up and the request sent again, instead of keeping a cron job for ever.
 */
export class UploadClient extends S3Client {
  constructor(config: ClientConfig, silenceMs = SILENCE_MS) {
    super({
      ...config,
      expectContinueHeader: false,
      requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: silenceMs },
    })
    this.middlewareStack.add(
      (next) => (args) => {
        const { headers } = args.request as Request
        const checksum = headers['x-amz-checksum-sha256']
        if (checksum !== undefined) {
          headers['x-amz-content-sha256'] = Buffer.from(checksum, 'base64').toString('hex')
        }
        return next(args)
      },
      { step: 'build', name: 'datapipePayloadHash' },
    )
  }
}
