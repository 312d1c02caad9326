import {
  AccessDeniedException,
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  NoSuchResourceException,
  ServiceException,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas'
import { expect } from 'chai'
import { AwsContext } from '../../src/aws/context.js'
import { fargateQuotas } from '../../src/aws/service-quotas.js'
import { testContext } from '../support/resource.js'
import { suiteMock } from '../support/suite-mock.js'

const ON_DEMAND = { ServiceCode: 'fargate', QuotaCode: 'L-3032A538' }
const SPOT = { ServiceCode: 'fargate', QuotaCode: 'L-36FBB829' }
const answer = { $metadata: {}, message: 'no' }

describe('the Fargate quotas of the account', () => {
  const aws = testContext()
  const quotas = suiteMock(ServiceQuotasClient)

  beforeEach(() => quotas.reset())

  it('are those of the account, for Spot too when it is used', async () => {
    quotas.on(GetServiceQuotaCommand, ON_DEMAND).resolves({ Quota: { Value: 6 } })
    quotas.on(GetServiceQuotaCommand, SPOT).resolves({ Quota: { Value: 32 } })
    expect(await fargateQuotas(aws, true)).to.deep.equal({
      quotas: { onDemandVcpu: 6, spotVcpu: 32 },
      warnings: [],
    })
    quotas.on(GetServiceQuotaCommand, SPOT).rejects(new Error('not to be asked'))
    expect((await fargateQuotas(aws, false)).quotas.onDemandVcpu).to.equal(6)
  })

  it("are AWS's default where the account has none of its own", async () => {
    quotas.on(GetServiceQuotaCommand).rejects(new NoSuchResourceException(answer))
    quotas.on(GetAWSDefaultServiceQuotaCommand, ON_DEMAND).resolves({ Quota: { Value: 6 } })
    expect((await fargateQuotas(aws, false)).quotas.onDemandVcpu).to.equal(6)
  })

  for (const refused of [GetServiceQuotaCommand, GetAWSDefaultServiceQuotaCommand] as const) {
    it(`are no cap but a warning when ${refused.name} is not allowed`, async () => {
      quotas.on(GetServiceQuotaCommand).rejects(new NoSuchResourceException(answer))
      quotas.on(refused).rejects(new AccessDeniedException(answer))
      const reading = await fargateQuotas(aws, false)
      expect(reading.quotas).to.deep.equal({})
      expect(reading.warnings).to.have.length(1)
      expect(reading.warnings[0]).to.include('servicequotas:GetServiceQuota')
    })
  }

  it('are not guessed when the service fails', async () => {
    quotas.on(GetServiceQuotaCommand).rejects(new ServiceException(answer))
    const error: unknown = await fargateQuotas(aws, false).catch((reason: unknown) => reason)
    expect(error).to.be.instanceOf(ServiceException)
  })

  it('are not asked of an emulator', async () => {
    const emulated = new AwsContext({ clients: aws.clients, names: aws.names, emulated: true })
    expect(await fargateQuotas(emulated, true)).to.deep.equal({ quotas: {}, warnings: [] })
    expect(quotas.calls()).to.have.length(0)
  })
})
