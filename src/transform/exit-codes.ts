/** The container's exit code for bad data: the state machine does not try again. Anything else but 0 is tried again. */
export const DATA_ERROR_EXIT_CODE = 64
