// Does one piece of work and prints what it took: seconds, CPU seconds, MiB resident at the most.
import { parquetjs } from './parquetjs.js'
import { datapipe, duckdb, type Work } from './work.js'

const peers = { datapipe, duckdb, parquetjs }
const work = JSON.parse(process.argv[2] ?? '') as Work
const cpu = process.cpuUsage()
const started = performance.now()
await peers[work.peer](work)
const { user, system } = process.cpuUsage(cpu)
const seconds = (performance.now() - started) / 1000
const mebibytes = process.resourceUsage().maxRSS / 1024
console.log(JSON.stringify({ seconds, cpu: (user + system) / 1e6, mebibytes }))
