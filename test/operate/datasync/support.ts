import { resolveEnvironment } from '../../../src/config/environments.js'
import { parseConfig } from '../../../src/config/load.js'
import type { Environment } from '../../../src/config/schema.js'

export const SECRET_ARN = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:files-AbCdEf'

export const NFS = 'location: { type: nfs, host: files.example.com, path: /export/measurements }'
export const SMB = `location: { type: smb, host: files.example.com, path: /share, user: reader, domain: CORP, secretArn: '${SECRET_ARN}' }`

/** Environment dev of project sensors, copying as `datasync` says: YAML, indented by two. */
export function environmentWith(datasync: string, more = ''): Environment {
  const text = `project: sensors\n${datasync === '' ? '' : `datasync:\n  ${datasync.replaceAll('\n', '\n  ')}\n`}${more}`
  return resolveEnvironment(parseConfig(text, 'datapipe.yaml'), 'dev')
}
