import { deletionRules, type DeletionOptions } from '../realism/deletion-rules.js'
import { startRealisticAws, type RealisticAws } from '../realism/double.js'
import type { Rule } from '../realism/rule.js'
import { clientTokens } from '../realism/rules/client-token.js'
import { networkAclsOnce } from '../realism/rules/network-acl.js'
import { paginationTokens } from '../realism/rules/pagination-token.js'
import { Weather, type WeatherOptions } from './weather.js'

export interface UnderWeather extends RealisticAws {
  weather: Weather
}

/** What AWS says to a call that comes again, and the emulator does not. Before all rules that refuse or change. */
export function repetitionRules(): Rule[] {
  return [...clientTokens(), paginationTokens(), ...networkAclsOnce()]
}

/** An emulator that keeps the rules of AWS, on a day with this weather. @param target the emulator */
export async function startUnderWeather(
  target: string,
  options: WeatherOptions,
  deletion: DeletionOptions = {},
): Promise<UnderWeather> {
  const weather = new Weather(options)
  const rules = [...repetitionRules(), ...weather.rules, ...deletionRules(deletion)]
  return Object.assign(await startRealisticAws(target, rules, weather), { weather })
}
