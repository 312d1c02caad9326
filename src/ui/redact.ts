export { redact, redactKnown } from '../secrets.js'
