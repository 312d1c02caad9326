#!/usr/bin/env node
import { execute } from '@oclif/core'

// Must be set before the first SDK client exists; Node 20 is supported by us and tested.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'

await execute({ dir: import.meta.url })
