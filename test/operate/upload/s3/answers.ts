import type { IncomingHttpHeaders } from 'node:http'
import type { S3Call } from './double.js'
import { S3Refusal, type Body, type CompletedPart, type S3Store, type StoredVersion } from './store.js'

export interface Answer {
  status: number
  headers: Record<string, string | number>
  text: string
}

/** As S3 does it: at most this many parts in one answer. */
const PARTS_PER_PAGE = 1000

/** Carries a request out. @throws S3Refusal */
export function answerTo(
  store: S3Store,
  call: S3Call,
  url: URL,
  headers: IncomingHttpHeaders,
  body: Body,
): Answer {
  const { key, operation, partNumber } = call
  const uploadId = url.searchParams.get('uploadId') ?? ''
  const condition = () => {
    store.requireCondition(key, one(headers['if-none-match']), one(headers['if-match']))
  }
  switch (operation) {
    case 'GetCallerIdentity':
      return xml(
        '<GetCallerIdentityResponse><GetCallerIdentityResult><Account>123456789012</Account><UserId>U</UserId><Arn>arn:aws:iam::123456789012:user/u</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>',
      )
    case 'HeadObject': {
      const current = store.current(key)
      return current === undefined ? { status: 404, headers: {}, text: '' } : head(current)
    }
    case 'PutObject': {
      condition()
      const version = store.put(key, body, metadata(headers))
      return { status: 200, headers: versionHeaders(version), text: '' }
    }
    case 'CreateMultipartUpload':
      return xml(
        `<InitiateMultipartUploadResult><UploadId>${store.create(key, metadata(headers))}</UploadId></InitiateMultipartUploadResult>`,
      )
    case 'UploadPart': {
      const etag = store.putPart(uploadId, partNumber, body)
      return { status: 200, headers: { etag, 'x-amz-checksum-sha256': body.sha256 }, text: '' }
    }
    case 'CompleteMultipartUpload': {
      store.upload(uploadId)
      condition()
      const listed = readParts((body.content ?? Buffer.alloc(0)).toString())
      const version = store.complete(uploadId, listed, Number(headers['x-amz-mp-object-size']))
      return {
        status: 200,
        headers: { 'x-amz-version-id': version.versionId },
        text: `<CompleteMultipartUploadResult><ETag>${version.etag}</ETag><ChecksumSHA256>${version.checksum}</ChecksumSHA256><ChecksumType>COMPOSITE</ChecksumType></CompleteMultipartUploadResult>`,
      }
    }
    case 'AbortMultipartUpload':
      store.abort(uploadId)
      return { status: 204, headers: {}, text: '' }
    case 'ListMultipartUploads':
      return listUploads(store, url.searchParams.get('prefix') ?? '')
    case 'ListParts':
      return listParts(store, uploadId, Number(url.searchParams.get('part-number-marker') ?? 0))
    default:
      throw new S3Refusal(501, 'NotImplemented', operation)
  }
}

function listUploads({ uploads }: S3Store, prefix: string): Answer {
  const found = [...uploads]
    .filter(([, { key }]) => key.startsWith(prefix))
    .map(
      ([uploadId, { key }]) =>
        `<Upload><Key>${escaped(key)}</Key><UploadId>${uploadId}</UploadId><ChecksumAlgorithm>SHA256</ChecksumAlgorithm><ChecksumType>COMPOSITE</ChecksumType></Upload>`,
    )
  return xml(
    `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${found.join('')}</ListMultipartUploadsResult>`,
  )
}

function listParts(store: S3Store, uploadId: string, marker: number): Answer {
  const all = [...store.upload(uploadId).parts]
    .filter(([number]) => number > marker)
    .sort(([a], [b]) => a - b)
  const page = all.slice(0, PARTS_PER_PAGE)
  const parts = page.map(
    ([number, { bytes, etag, sha256 }]) =>
      `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag><Size>${bytes}</Size><ChecksumSHA256>${sha256}</ChecksumSHA256></Part>`,
  )
  const next = page.at(-1)?.[0] ?? 0
  return xml(
    `<ListPartsResult><IsTruncated>${String(all.length > page.length)}</IsTruncated><NextPartNumberMarker>${next}</NextPartNumberMarker>${parts.join('')}</ListPartsResult>`,
  )
}

function readParts(text: string): CompletedPart[] {
  return [...text.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({
    number: Number(element(part, 'PartNumber')),
    etag: element(part, 'ETag').replaceAll('&quot;', '"'),
    sha256: element(part, 'ChecksumSHA256'),
  }))
}

function element(text: string, name: string): string {
  return new RegExp(`<${name}>(.*?)</${name}>`, 's').exec(text)?.[1] ?? ''
}

function head(version: StoredVersion): Answer {
  const meta = Object.entries(version.metadata).map(([name, value]) => [`x-amz-meta-${name}`, value])
  return {
    status: 200,
    headers: {
      ...versionHeaders(version),
      'content-length': version.bytes,
      ...(Object.fromEntries(meta) as Record<string, string>),
    },
    text: '',
  }
}

function versionHeaders({ checksum, etag, versionId }: StoredVersion) {
  return { etag, 'x-amz-version-id': versionId, 'x-amz-checksum-sha256': checksum }
}

function metadata(headers: IncomingHttpHeaders): Record<string, string> {
  const prefix = 'x-amz-meta-'
  const own = Object.entries(headers).filter(([name]) => name.startsWith(prefix))
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), one(value) ?? '']))
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}

function xml(text: string): Answer {
  return { status: 200, headers: {}, text: `<?xml version="1.0" encoding="UTF-8"?>\n${text}` }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
