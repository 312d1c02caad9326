import { DescribeAvailabilityZonesCommand, EC2Client, type Subnet } from '@aws-sdk/client-ec2'
import type { AwsContext } from '../../aws/context.js'
import { fromTagList, TAG } from '../../aws/tags.js'
import { UsageError } from '../../errors.js'
import { FARGATE_ZONES } from './fargate-zones.js'
import { Ec2Inventory } from './inventory.js'
import { filter } from './tagged.js'

/** The letter of the nth zone of an environment. The logical ids of its subnets end with it: `network/subnet/private/a`. */
export function zoneLetter(index: number): string {
  return String.fromCharCode('a'.charCodeAt(0) + index)
}

/**
 * The ids of the zones for an environment's subnets: the nth is for the subnets that end with `zoneLetter(n)`. A letter whose
 * subnet exists keeps the zone it has, or a zone that is impaired today or new tomorrow would move every subnet; the others
 * get the first free zones in order where Fargate runs, so a new environment gets a sorted list.
 * @throws UsageError TOO_FEW_ZONES
 */
export async function chooseZones(aws: AwsContext, count: number): Promise<string[]> {
  const letters = Array.from({ length: count }, (_, index) => zoneLetter(index))
  const inUse = zonesByLetter(await Ec2Inventory.of(aws).subnets.get())
  if (letters.every((letter) => inUse.has(letter))) return letters.map((letter) => inUse.get(letter) ?? '')

  const usable = await usableZones(aws)
  const taken = new Set(letters.map((letter) => inUse.get(letter)))
  const free = usable.filter((zone) => !taken.has(zone))
  return letters.map((letter) => {
    const zone = inUse.get(letter) ?? free.shift()
    if (zone === undefined) throw tooFew(aws.region, count, usable)
    return zone
  })
}

function zonesByLetter(subnets: Subnet[]): Map<string, string> {
  const zones = new Map<string, string>()
  for (const { AvailabilityZoneId: zone, Tags: tags } of subnets) {
    const letter = (fromTagList(tags)[TAG.id] ?? '').split('/').pop()
    if (zone !== undefined && letter !== undefined) zones.set(letter, zone)
  }
  return zones
}

async function usableZones(aws: AwsContext): Promise<string[]> {
  const answer = await aws.clients.of(EC2Client).send(
    new DescribeAvailabilityZonesCommand({
      Filters: [
        filter('state', 'available'),
        filter('opt-in-status', 'opt-in-not-required'),
        filter('zone-type', 'availability-zone'),
      ],
    }),
  )
  const withFargate = FARGATE_ZONES[aws.region]
  return (answer.AvailabilityZones ?? [])
    .map((zone) => zone.ZoneId)
    .filter((zone) => zone !== undefined)
    .filter((zone) => withFargate?.includes(zone) ?? true)
    .sort()
}

function tooFew(region: string, count: number, usable: string[]): UsageError {
  const found = usable.length === 0 ? 'none' : usable.join(', ')
  return new UsageError(
    'TOO_FEW_ZONES',
    `The network wants ${count} availability zones, but ${region} has ${usable.length} that are available and run Fargate (${found}).`,
    { suggestions: ['Set network.zones in datapipe.yaml to a smaller number, or choose another region.'] },
  )
}
