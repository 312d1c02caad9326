/**
 * Regions where Fargate runs in some availability zones only, and which (AWS documentation of 2023, spec §2.1). In regions
 * not listed it runs in all. Zone ids, because names differ between accounts.
 */
export const FARGATE_ZONES: Readonly<Record<string, readonly string[]>> = {
  'ap-northeast-1': ['apne1-az1', 'apne1-az2', 'apne1-az4'],
  'ca-central-1': ['cac1-az1', 'cac1-az2'],
  'cn-north-1': ['cnn1-az1', 'cnn1-az2'],
  'us-west-1': ['usw1-az1', 'usw1-az3'],
}
