export interface SubnetBlocks {
  public: string[]
  private: string[]
}

/**
 * Splits the block of the VPC: each zone gets a sixteenth of it as a private subnet (tasks and endpoints need addresses)
 * and a 256th as a public one, the public ones from the last sixteenth. `10.20.0.0/16`, two zones: private 10.20.0.0/20 and
 * 10.20.16.0/20, public 10.20.240.0/24 and 10.20.241.0/24. The place of a zone's subnets does not move when zones are added.
 * @param cidr IPv4 block from /16 to /20
 */
export function subnetBlocks(cidr: string, zones: number): SubnetBlocks {
  const [address = '', prefixText = ''] = cidr.split('/')
  const prefix = Number(prefixText)
  const base = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
  const size = 2 ** (32 - prefix)
  const block = (offset: number, bits: number) => `${toAddress(base + offset)}/${bits}`
  const indexes = Array.from({ length: zones }, (_, index) => index)
  return {
    private: indexes.map((index) => block((index * size) / 16, prefix + 4)),
    public: indexes.map((index) => block((15 * size) / 16 + (index * size) / 256, prefix + 8)),
  }
}

function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
}
