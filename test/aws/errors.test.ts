import { expect } from 'chai'
import { translateAwsError } from '../../src/aws/errors.js'
import { DatapipeError } from '../../src/errors.js'

const aws = (name: string, message: string, more: object = {}) =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: 400 } }, more)

const codeOf = (error: unknown) => translateAwsError(error)?.code

describe('translateAwsError', () => {
  it('leaves alone what it does not know, and what is explained already', () => {
    expect(translateAwsError(new TypeError('x is not a function'))).to.equal(undefined)
    expect(translateAwsError(aws('NoSuchBucket', 'gone'))).to.equal(undefined)
    expect(translateAwsError(new DatapipeError('AccessDenied', 'x'))).to.equal(undefined)
    expect(translateAwsError('text')).to.equal(undefined)
  })

  it('keeps the original as the cause', () => {
    const error = aws('ThrottlingException', 'Rate exceeded')
    expect(translateAwsError(error)?.cause).to.equal(error)
  })

  it('names action, resource, who and why of a refusal', () => {
    const error = translateAwsError(
      aws(
        'AccessDenied',
        'User: arn:aws:iam::111122223333:user/ann is not authorized to perform: s3:PutBucketPolicy on resource: "arn:aws:s3:::dp-dev-raw" because no identity-based policy allows the s3:PutBucketPolicy action',
      ),
    )
    expect(error?.code).to.equal('ACCESS_DENIED')
    expect(error?.message).to.equal(
      'AWS denied s3:PutBucketPolicy on arn:aws:s3:::dp-dev-raw to arn:aws:iam::111122223333:user/ann, because no identity-based policy allows the s3:PutBucketPolicy action.',
    )
    expect(error?.suggestions).to.deep.equal([
      'Ask an administrator to allow s3:PutBucketPolicy on arn:aws:s3:::dp-dev-raw for arn:aws:iam::111122223333:user/ann.',
    ])
  })

  it('tells how to decode what EC2 encodes', () => {
    const error = translateAwsError(
      aws(
        'UnauthorizedOperation',
        'You are not authorized to perform this operation. User: arn:aws:sts::111122223333:assumed-role/dev/ann is not authorized to perform: ec2:CreateVpc on resource: arn:aws:ec2:eu-north-1:111122223333:vpc/* with an explicit deny in a service control policy. Encoded authorization failure message: aB3-_dEf+/=',
      ),
    )
    expect(error?.message).to.equal(
      'AWS denied ec2:CreateVpc on arn:aws:ec2:eu-north-1:111122223333:vpc/* to arn:aws:sts::111122223333:assumed-role/dev/ann, with an explicit deny in a service control policy.',
    )
    expect(error?.suggestions.at(-1)).to.equal(
      'The full reason: `aws sts decode-authorization-message --encoded-message aB3-_dEf+/=`',
    )
    expect(error?.suggestions.join(' ')).to.include('denied on purpose')
  })

  it('does with what little S3 says', () => {
    expect(translateAwsError(aws('AccessDenied', 'Access Denied'))?.message).to.equal('AWS denied access.')
    expect(translateAwsError(aws('403', 'UnknownError'))?.code).to.equal('ACCESS_DENIED')
    expect(
      translateAwsError(aws('AccessDeniedException', 'Insufficient Lake Formation permission(s)'))?.message,
    ).to.equal('AWS denied access: Insufficient Lake Formation permission(s)')
  })

  it('names the quota and the command that raises it', () => {
    const error = translateAwsError(aws('VpcLimitExceeded', 'The maximum number of VPCs has been reached.'))
    expect(error?.code).to.equal('QUOTA_EXCEEDED')
    expect(error?.message).to.equal(
      'The AWS account has no room for more VPCs per region (quota L-F678F1CE): The maximum number of VPCs has been reached.',
    )
    expect(error?.suggestions[0]).to.include('--service-code vpc --quota-code L-F678F1CE')
  })

  it('does not take a used-up quota for throttling, nor throttling for a quota', () => {
    expect(codeOf(aws('LimitExceededException', 'Cannot exceed quota for RolesPerAccount: 1000'))).to.equal(
      'QUOTA_EXCEEDED',
    )
    expect(codeOf(aws('LimitExceededException', 'Rate exceeded'))).to.equal('THROTTLED')
    expect(codeOf(aws('RequestLimitExceeded', 'Request limit exceeded.'))).to.equal('THROTTLED')
    expect(codeOf(aws('SlowDown', 'Please reduce your request rate.'))).to.equal('THROTTLED')
  })

  it('tells a new role that is not seen yet from keys that are wrong', () => {
    const message = 'The security token included in the request is invalid.'
    expect(codeOf(aws('UnrecognizedClientException', message))).to.equal('INVALID_CREDENTIALS')
    expect(
      codeOf(aws('UnrecognizedClientException', `${message} (Service: AWSGlue; Status Code: 400)`)),
    ).to.equal(undefined)
  })

  it('blames the clock when the clock is wrong', () => {
    expect(
      codeOf(
        aws(
          'RequestTimeTooSkewed',
          'The difference between the request time and the current time is too large.',
        ),
      ),
    ).to.equal('CLOCK_SKEW')
    expect(
      codeOf(aws('InvalidSignatureException', 'Signature expired: 20260101T000000Z is now earlier than …')),
    ).to.equal('CLOCK_SKEW')
  })

  it('names the host that cannot be reached', () => {
    const dns = Object.assign(new Error('getaddrinfo ENOTFOUND'), {
      code: 'ENOTFOUND',
      hostname: 's3.eu-nort-1.amazonaws.com',
    })
    expect(translateAwsError(dns)?.message).to.equal('Cannot reach s3.eu-nort-1.amazonaws.com (ENOTFOUND).')
    expect(translateAwsError(dns)?.suggestions[0]).to.include('region')
    const both = new AggregateError([
      Object.assign(new Error('x'), { code: 'ECONNREFUSED', address: '::1', port: 4566 }),
      Object.assign(new Error('x'), { code: 'ECONNREFUSED', address: '127.0.0.1', port: 4566 }),
    ])
    expect(translateAwsError(both)?.message).to.equal('Cannot reach ::1:4566 (ECONNREFUSED).')
    const slow = aws('TimeoutError', 'Socket timed out')
    expect(translateAwsError(slow, { endpoint: 'http://10.0.0.1' })?.message).to.equal(
      'Cannot reach http://10.0.0.1 (no answer in time).',
    )
  })

  it('says that the disk is full, and where', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
      code: 'ENOSPC',
      path: '/scratch/a.parquet',
    })
    expect(translateAwsError(full)).to.include({
      code: 'DISK_FULL',
      message: 'The disk of this machine is full, writing /scratch/a.parquet.',
    })
  })

  it('asks for a terminal where a profile wants a one-time code', () => {
    const error = translateAwsError(
      aws(
        'CredentialsProviderError',
        'Profile mfa requires multi-factor authentication, but no MFA code callback was provided.',
      ),
      { profile: 'mfa' },
    )
    expect(error).to.include({ code: 'NO_CREDENTIALS', exitCode: 2 })
    expect(error?.message).to.include('one-time code')
  })
})
