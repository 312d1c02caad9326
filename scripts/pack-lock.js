// npm leaves the lock file out of a package, and the image is built from exactly the versions that it names: a copy goes along.
import { copyFileSync } from 'node:fs'

copyFileSync(
  new URL('../package-lock.json', import.meta.url),
  new URL('../docker/package-lock.json', import.meta.url),
)
