import { expect } from 'chai'
import { AwsContext } from '../../src/aws/context.js'
import { resolveEnvironment } from '../../src/config/environments.js'
import { configSchema } from '../../src/config/schema.js'
import { Graph } from '../../src/engine/graph.js'
import { environmentResources, type EnvironmentOptions } from '../../src/pipeline/environment.js'
import { imageOrigin, type ImageChoice } from '../../src/pipeline/image.js'
import { resourceOf } from '../../src/pipeline/orphans.js'
import { CodeBuildProject } from '../../src/resources/codebuild/project.js'
import { testContext } from '../support/resource.js'

const OPTIONS: EnvironmentOptions = { zoneIds: ['use1-az1', 'use1-az2'], version: '1.2.3' }
const CHOICE: ImageChoice = {
  source: {
    tag: 'src-0123456789abcdef',
    hash: '0123456789abcdef'.repeat(4),
    architecture: 'arm64',
    zip: () => new Uint8Array(),
  },
}
const PARTS = [
  'compute/image',
  'compute/image-project',
  'compute/logs/image',
  'security/role/codebuild',
] as const

describe('where the image comes from', () => {
  const onAws = testContext()
  const emulated = new AwsContext({ clients: onAws.clients, names: onAws.names, emulated: true })
  const environment = (compute: object = {}) =>
    resolveEnvironment(configSchema.parse({ project: 'sensors', compute }), 'dev', {})
  const idsOf = (aws: AwsContext, compute: object, image?: ImageChoice) =>
    environmentResources(aws, environment(compute), { ...OPTIONS, image }).all.map(({ id }) => id)

  it('is what the configuration names, wherever that is', () => {
    expect(imageOrigin(onAws, environment({ image: 'registry/transform:7' }))).to.equal('named')
    expect(imageOrigin(emulated, environment({ image: 'registry/transform:7' }))).to.equal('named')
    const { compute } = environmentResources(onAws, environment({ image: 'registry/transform:7' }), OPTIONS)
    expect(compute.image.uri()).to.equal('registry/transform:7')
  })

  it('is not built on an emulator, whose environment has no part of it', () => {
    expect(imageOrigin(emulated, environment())).to.equal('emulated')
    expect(idsOf(emulated, {}).filter((id) => PARTS.some((part) => part === id))).to.deep.equal([])
    const { compute } = environmentResources(emulated, environment(), OPTIONS)
    compute.repository.resolve({ arn: 'arn', uri: 'registry/dp' })
    expect(compute.image.uri()).to.equal('registry/dp:v1.2.3')
  })

  it('is built on AWS, by four more resources', () => {
    expect(imageOrigin(onAws, environment())).to.equal('built')
    const local = idsOf(emulated, {})
    const more = idsOf(onAws, {}, CHOICE).filter((id) => !local.includes(id))
    expect(more.sort()).to.deep.equal(PARTS)
    const named = idsOf(onAws, { image: 'registry/transform:7' })
    expect(named).to.have.members(local)
  })

  it('is there before the task definition that names it by digest', () => {
    const { all, compute } = environmentResources(onAws, environment(), { ...OPTIONS, image: CHOICE })
    const graph = new Graph(all)
    const { image, project } = compute.image
    const before = [...graph.allDependencies(compute.taskDefinition)]
    expect(before).to.include.members([image, project, compute.repository])
    const digest = `sha256:${'a'.repeat(64)}`
    image!.resolve({ tag: 'src-0123456789abcdef', digest, uri: `registry/dp@${digest}` })
    expect(compute.image.uri()).to.equal(`registry/dp@${digest}`)
  })

  it('is not made by a `down`, which still removes what builds it', () => {
    const ids = idsOf(onAws, {})
    expect(ids).to.include.members(PARTS.filter((id) => id !== 'compute/image'))
    expect(ids).not.to.include('compute/image')
  })

  it('leaves a project that can be removed when the configuration names an image later', () => {
    const arn = onAws.names.arn('codebuild', `project/${onAws.names.imageProject}`)
    const tags = onAws.tags('compute/image-project', onAws.names.imageProject)
    expect(resourceOf(onAws, { arn, id: 'compute/image-project', tags })).to.be.instanceOf(CodeBuildProject)
  })
})
