import { createServer } from 'node:http'
import { listen } from '../../support/proxy.js'
import { startRealisticAws } from '../../support/realism/double.js'
import type { UnderWeather } from '../../support/weather/start.js'
import { Weather, type WeatherOptions } from '../../support/weather/weather.js'

export interface Executed extends UnderWeather {
  /** How many calls were executed. */
  executed: () => number
}

/** In front of a service that only counts, and always answers the same. */
export async function startCounting(body: string | Buffer, options: WeatherOptions): Promise<Executed> {
  let calls = 0
  const service = await listen(
    createServer((incoming, response) => {
      calls++
      incoming.resume()
      response.end(body)
    }),
  )
  const weather = new Weather(options)
  const aws = await startRealisticAws(service.endpoint, weather.rules, weather)
  const stopDouble = aws.stop.bind(aws)
  const stop = async () => {
    await stopDouble()
    await service.stop()
  }
  return Object.assign(aws, { weather, stop, executed: () => calls })
}

export const clientOptions = (endpoint: string, maxAttempts = 1) => ({
  endpoint,
  maxAttempts,
  region: 'eu-north-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  forcePathStyle: true,
})
