import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { ParquetSchema, ParquetWriter } from '@dsnp/parquetjs'
import type { Work } from './work.js'

/** Rows of a file without quotes, split in JavaScript, through @dsnp/parquetjs. */
export async function parquetjs({ file, out }: Work): Promise<void> {
  const schema = new ParquetSchema({
    start_time: { type: 'TIMESTAMP_MICROS', compression: 'SNAPPY' },
    end_time: { type: 'TIMESTAMP_MICROS', compression: 'SNAPPY' },
    measurement: { type: 'DOUBLE', compression: 'SNAPPY' },
    samples: { type: 'INT32', compression: 'SNAPPY' },
  })
  const writer = await ParquetWriter.openFile(schema, `${out}/parquetjs.parquet`)
  let isHeader = true
  for await (const line of createInterface({ input: createReadStream(file) })) {
    if (!isHeader) {
      const [start = '', end = '', measurement, samples] = line.split(',')
      await writer.appendRow({
        start_time: new Date(`${start}Z`),
        end_time: new Date(`${end}Z`),
        measurement: Number(measurement),
        samples: Number(samples),
      })
    }
    isHeader = false
  }
  await writer.close()
}
