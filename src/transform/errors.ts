import { DatapipeError } from '../errors.js'

/**
 * The file itself is the reason: the same file fails the same way every time, so nobody should retry it. The container
 * turns it into exit code 64.
 */
export class DataError extends DatapipeError {}

/** The run stopped because a check of datapipe itself failed; nothing was published. */
export class IntegrityError extends DatapipeError {}
