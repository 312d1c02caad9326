/** Why no row changes a property, and the test of the class that looks at it instead, if there is one to see. */
export interface Gap {
  reason: string
  test?: string
}

const BY_AWS = 'only AWS itself sets it, and what is not ready is waited for'
const NOT_KEPT = 'the emulator does not keep it'
const NO_CALL = 'the emulator cannot change it'
const test = (name: string) => `test/resources/${name}.test.ts`
const smb = { reason: NO_CALL, test: test('datasync/location') }

/** `<type> <path>` of everything that a difference can name and that no row changes. */
export const GAPS: Readonly<Record<string, Gap>> = {
  'AWS::KMS::Key rotation.periodDays': { reason: NOT_KEPT, test: test('kms/key-read') },
  'AWS::S3::Bucket encryption.blocked': { reason: NOT_KEPT, test: test('s3/bucket-drift') },
  'AWS::EC2::VPC state': { reason: BY_AWS, test: test('ec2/vpc') },
  'AWS::EC2::Subnet state': { reason: BY_AWS, test: test('ec2/subnet') },
  'AWS::EC2::NatGateway state': { reason: BY_AWS, test: test('ec2/nat-gateway') },
  'AWS::EC2::VPCEndpoint state': { reason: BY_AWS, test: test('ec2/vpc-endpoint') },
  'AWS::EC2::VPCEndpoint privateDns': { reason: NOT_KEPT, test: test('ec2/vpc-endpoint') },
  'AWS::EC2::SecurityGroup ingress.*.description': { reason: NOT_KEPT, test: test('ec2/security-group') },
  'AWS::Logs::LogGroup keyArn': { reason: NO_CALL, test: test('logs/log-group') },
  'AWS::ECS::TaskDefinition status': {
    reason: 'without an active revision it counts as there only until it is registered again',
    test: test('ecs/task-revisions'),
  },
  'AWS::ECS::TaskDefinition networkMode': { reason: NOT_KEPT, test: test('ecs/task-definition') },
  'AWS::Athena::WorkGroup state': { reason: NO_CALL, test: test('athena/workgroup') },
  'AWS::DataSync::LocationSMB host': smb,
  'AWS::DataSync::LocationSMB path': smb,
  'AWS::DataSync::LocationSMB user': smb,
  'AWS::DataSync::LocationSMB domain': smb,
  'AWS::DataSync::LocationSMB version': smb,
  'AWS::DataSync::LocationSMB agentArns': smb,
  'AWS::DataSync::LocationSMB tags.*': smb,
  'AWS::DataSync::LocationS3 path': smb,
  'AWS::DataSync::LocationS3 roleArn': smb,
  'AWS::DataSync::LocationS3 storageClass': smb,
  'AWS::DataSync::LocationS3 tags.*': smb,
  'AWS::DataSync::Task name': {
    reason: 'the emulator has no tags, so the name is what it is found by',
    test: test('datasync/task'),
  },
  'AWS::DataSync::Task status': { reason: BY_AWS, test: test('datasync/task') },
  'AWS::DataSync::Task tags.*': { reason: NOT_KEPT, test: test('datasync/task') },
  'AWS::Scheduler::Schedule afterCompletion': { reason: NOT_KEPT, test: test('scheduler/schedule') },
  'AWS::CloudWatch::Dashboard body': {
    reason: 'CloudWatch takes no body that is not JSON',
    test: test('cloudwatch/dashboard'),
  },
  'AWS::CloudWatch::Dashboard tags.*': { reason: NOT_KEPT, test: test('cloudwatch/dashboard') },
  'AWS::Budgets::Budget filter.And': { reason: NOT_KEPT, test: test('budgets/budget') },
  'AWS::Budgets::Budget tags.*': { reason: NOT_KEPT, test: test('budgets/budget') },
}

/** Types of which an environment on an emulator has none. */
export const ABSENT_TYPES: Readonly<Record<string, Gap>> = {
  'AWS::CodeBuild::Project': { reason: 'no emulator builds images', test: test('codebuild/project') },
  'Custom::Image': { reason: 'an image never changes', test: test('codebuild/image') },
  'AWS::DataSync::Agent': { reason: 'no emulator has agents', test: test('datasync/agent') },
  'AWS::DataSync::LocationNFS': { reason: 'no emulator has it', test: test('datasync/location') },
  'AWS::EC2::PrefixList': { reason: 'of AWS: only looked up' },
}
