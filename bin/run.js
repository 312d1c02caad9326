#!/usr/bin/env node
import { execute } from '@oclif/core'
import { hideSecrets } from '../dist/ui/hide-secrets.js'
import { guardOutput } from '../dist/ui/output.js'

// Must be set before the first SDK client exists; Node 20 is supported by us and tested.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'

// Here, so that it holds for --help and --version too.
guardOutput()
hideSecrets()

await execute({ dir: import.meta.url })
