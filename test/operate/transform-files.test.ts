import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { datasetSchema } from '../../src/config/dataset.js'
import { transformFiles, type TransformFilesResult } from '../../src/operate/transform-files.js'
import { failure, Workplace } from '../transform/support/files.js'

describe('files that reject too much, on this machine', () => {
  let place: Workplace
  beforeEach(async () => (place = await Workplace.make()))
  afterEach(() => place.remove())

  const own = { columns: { id: 'integer' }, rejects: { max: 0 } }
  const transform = (files: string[]) =>
    transformFiles({
      files,
      out: place.out,
      datasets: {
        plain: datasetSchema.parse({ match: 'p*', ...own }),
        merged: datasetSchema.parse({ match: 'm*', ...own, key: ['id'] }),
      },
      signal: new AbortController().signal,
      onEvent: () => undefined,
    })

  for (const name of ['plain.csv', 'merged.csv']) {
    it(`names its reject files where they are: ${name}`, async () => {
      const error = await failure(transform([await place.file(name, 'id\n1\nx\n')]))
      expect(error.code).to.equal('REJECTS_OVER_LIMIT')
      const { rejects } = error.result as { rejects: { csv: string; parquet: string } }
      expect([rejects.csv, rejects.parquet].map((path) => existsSync(path))).to.deep.equal([true, true])
      expect(rejects.csv.startsWith(join(place.out, '/'))).to.equal(true)
      expect(error.suggestions[0]).to.contain(`Read ${rejects.csv}:`)
    })
  }

  it('tells those of each of several files', async () => {
    const files = [await place.file('p1.csv', 'id\n1\nx\n'), await place.file('p2.csv', 'id\n1\n')]
    const error = await failure(transform(files))
    expect(error.code).to.equal('TRANSFORM_PARTLY_FAILED')
    const { rejects } = error.result as TransformFilesResult
    expect(rejects.map(({ file, rows }) => [file, rows])).to.deep.equal([[files[0], 1]])
    expect(existsSync(rejects[0]!.csv)).to.equal(true)
    expect(error.suggestions.join('\n')).to.contain(rejects[0]!.csv)
  })
})
