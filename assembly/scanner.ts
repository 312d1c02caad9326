/**
 * Goes over CSV text at the speed of memory: counts its records without DuckDB, and learns what form the values of each column
 * have. AssemblyScript, compiled to WebAssembly with SIMD by `npm run build`; src/transform/scan/scanner.ts is its other half.
 *
 * It decides nothing: whatever is not as it should be (a wrong number of fields, a quote in the middle of one, lines that end
 * in two ways, a NUL) makes it give up, and readers that take their time look at the file instead.
 */

/** The memory: a record for each column, then the window with the text. */
export const COLUMNS: usize = 1024
export const WINDOW: usize = 131072

/** The record of a column, in numbers of 4 bytes. */
const SHAPE: usize = 0
const HAS_EMPTY: usize = 4
const WHOLE_DIGITS: usize = 8
const FRACTION_DIGITS: usize = 12
const LONGEST: usize = 16
const FLAGS: usize = 20
const COLUMN_BITS: usize = 5

/** The form of all values so far. */
const NOTHING: i32 = 0
const NUMBER: i32 = 1
const DATE: i32 = 2
const TIMESTAMP: i32 = 3
const BOOLEAN: i32 = 4
const OTHER: i32 = 5

/** Of numbers. */
const LEADING_ZERO: i32 = 1
const MINUS_ZERO: i32 = 2
const LONG_WHOLE: i32 = 4

const LF: i32 = 10
const CR: i32 = 13

/** Where in a field the scan is. */
const PLAIN: i32 = 0
const IN_QUOTES: i32 = 1
const QUOTES_CLOSED: i32 = 2

let delimiter: i32 = 0
let quote: i32 = 0
let decimalMark: i32 = 0
let width: i32 = 0
let delimiters: v128 = i8x16.splat(0)
let quotes: v128 = i8x16.splat(0)

export let records: i32 = 0
export let blankLines: i32 = 0
export let lineEnds: i32 = 0
/** Of them, CR and LF. */
export let pairs: i32 = 0
/** Bytes of the longest record. */
export let longest: i32 = 0
export let hasQuotes: i32 = 0
/** There are bytes beyond ASCII; reset by the caller when they were looked at. */
export let hasHigh: i32 = 0
/** The text is not what this scan is for; nothing else that it says counts. */
export let irregular: i32 = 0

/** Begins a file. All are single bytes; width is the number of columns. */
export function start(delimiterByte: i32, quoteByte: i32, decimalByte: i32, columns: i32): void {
  delimiter = delimiterByte
  quote = quoteByte
  decimalMark = decimalByte
  width = columns
  delimiters = i8x16.splat(<i8>delimiterByte)
  quotes = i8x16.splat(<i8>quoteByte)
  records = 0
  blankLines = 0
  lineEnds = 0
  pairs = 0
  longest = 0
  hasQuotes = 0
  hasHigh = 0
  irregular = 0
  memory.fill(COLUMNS, 0, (<usize>columns) << COLUMN_BITS)
}

/**
 * Goes over the complete records of the text between two addresses. After it there must be 32 bytes without meaning.
 * @returns the address of the first record that is not complete: to be scanned again, with what follows it
 */
export function scan(from: usize, to: usize): usize {
  const lf = i8x16.splat(10)
  const cr = i8x16.splat(13)
  let lowest = i8x16.splat(-1)
  let high: i32 = 0
  let record = from
  let field = from
  let column: i32 = 0
  let state = PLAIN
  let contentEnd: usize = 0
  let skip: usize = 0
  for (let block = from; block < to; block += 16) {
    const bytes = v128.load(block)
    lowest = i8x16.min_u(lowest, bytes)
    high |= i8x16.bitmask(bytes)
    let found = i8x16.bitmask(
      v128.or(
        v128.or(i8x16.eq(bytes, delimiters), i8x16.eq(bytes, lf)),
        v128.or(i8x16.eq(bytes, quotes), i8x16.eq(bytes, cr)),
      ),
    )
    while (found != 0) {
      const at = block + <usize>ctz(found)
      found &= found - 1
      if (at >= to) break
      if (at < skip) continue
      const byte: i32 = load<u8>(at)
      if (byte == delimiter && state == PLAIN) {
        if (column >= width - 1) {
          irregular = 1
          return record
        }
        look(column, field, at, false)
        column++
        field = at + 1
        continue
      }
      if (state == IN_QUOTES) {
        if (byte != quote) continue
        if (at + 1 >= to) break
        const next: i32 = load<u8>(at + 1)
        if (next == quote) {
          skip = at + 2
          continue
        }
        if (next != delimiter && next != LF && next != CR) {
          irregular = 1
          return record
        }
        state = QUOTES_CLOSED
        contentEnd = at
        continue
      }
      if (byte == quote) {
        if (at != field) {
          irregular = 1
          return record
        }
        hasQuotes = 1
        state = IN_QUOTES
        continue
      }
      if (byte == CR || byte == LF) {
        let next = at + 1
        if (byte == CR) {
          if (next >= to) break
          if (load<u8>(next) != LF) {
            irregular = 1
            return record
          }
          pairs++
          next++
          skip = next
        }
        lineEnds++
        if (at == record) {
          blankLines++
        } else if (column == width - 1) {
          endField(column, field, at, state == QUOTES_CLOSED ? contentEnd : 0)
          const length = <i32>(at - record)
          if (length > longest) longest = length
          records++
        } else {
          irregular = 1
          return record
        }
        record = field = next
        column = 0
        state = PLAIN
        continue
      }
      if (column >= width - 1) {
        irregular = 1
        return record
      }
      endField(column, field, at, state == QUOTES_CLOSED ? contentEnd : 0)
      column++
      field = at + 1
      state = PLAIN
    }
  }
  if (high != 0) hasHigh = 1
  if (!i8x16.all_true(lowest)) irregular = 1
  return record
}

/** @param closingQuote where it is; 0: the field has no quotes */
// @ts-ignore: decorators of functions are AssemblyScript's own
@inline
function endField(column: i32, field: usize, end: usize, closingQuote: usize): void {
  if (closingQuote == 0) look(column, field, end, false)
  else look(column, field + 1, closingQuote, true)
}

/** Learns from one value. */
// @ts-ignore
@inline
function look(column: i32, from: usize, to: usize, isQuoted: bool): void {
  const at = COLUMNS + ((<usize>column) << COLUMN_BITS)
  let shape = load<i32>(at, SHAPE)
  if (shape == OTHER) return
  if (from == to) {
    if (isQuoted) store<i32>(at, OTHER, SHAPE)
    else store<i32>(at, 1, HAS_EMPTY)
    return
  }
  if (shape == NOTHING) {
    shape = firstShape(from, to)
    store<i32>(at, shape, SHAPE)
    if (shape == OTHER) return
  }
  let fits: bool = false
  if (shape == NUMBER) fits = isNumber(at, from, to)
  else if (shape == TIMESTAMP) fits = isTimestamp(from, to)
  else if (shape == DATE) fits = to - from == 10 && isDate(from)
  else fits = isBoolean(from, to)
  if (!fits) store<i32>(at, OTHER, SHAPE)
}

function firstShape(from: usize, to: usize): i32 {
  const length = to - from
  if (isBoolean(from, to)) return BOOLEAN
  if (length >= 10 && load<u8>(from + 4) == 45) return length == 10 ? DATE : TIMESTAMP
  const first: i32 = load<u8>(from)
  return first == 45 || (first >= 48 && first <= 57) ? NUMBER : OTHER
}

function isBoolean(from: usize, to: usize): bool {
  const length = to - from
  if (length == 4) return load<u32>(from) == 0x65757274
  return length == 5 && load<u32>(from) == 0x736c6166 && load<u8>(from + 4) == 0x65
}

// @ts-ignore
@inline
function isNumber(column: usize, from: usize, to: usize): bool {
  const length = <i32>(to - from)
  if (length > 32) return false
  const zero = i8x16.splat(48)
  const nine = i8x16.splat(9)
  let digits: u32 = i8x16.bitmask(i8x16.le_u(i8x16.sub(v128.load(from), zero), nine))
  if (length > 16) {
    digits |= (<u32>i8x16.bitmask(i8x16.le_u(i8x16.sub(v128.load(from + 16), zero), nine))) << 16
  }
  const all: u32 = <u32>(((<u64>1) << length) - 1)
  let others: u32 = ~digits & all
  let begin: i32 = 0
  if (others & 1) {
    if (load<u8>(from) != 45) return false
    begin = 1
    others &= ~1
    if (length == 1) return false
  }
  let whole = length - begin
  let fraction = 0
  if (others != 0) {
    const point = <i32>ctz(others)
    if ((others & (others - 1)) != 0 || load<u8>(from + point) != decimalMark) return false
    whole = point - begin
    fraction = length - point - 1
    if (whole == 0 || fraction == 0) return false
    if (fraction > load<i32>(column, FRACTION_DIGITS)) store<i32>(column, fraction, FRACTION_DIGITS)
  } else if (length > 15) {
    store<i32>(column, load<i32>(column, FLAGS) | LONG_WHOLE, FLAGS)
  }
  if (whole > load<i32>(column, WHOLE_DIGITS)) store<i32>(column, whole, WHOLE_DIGITS)
  if (length > load<i32>(column, LONGEST)) store<i32>(column, length, LONGEST)
  if (load<u8>(from + begin) == 48) {
    let flags = load<i32>(column, FLAGS)
    if (whole > 1) flags |= LEADING_ZERO
    else if (begin == 1 && fraction == 0) flags |= MINUS_ZERO
    store<i32>(column, flags, FLAGS)
  }
  return true
}

// @ts-ignore
@inline
function two(at: usize): i32 {
  return (<i32>load<u8>(at) - 48) * 10 + <i32>load<u8>(at + 1) - 48
}

// @ts-ignore
@inline
function isDay(from: usize): bool {
  const month = two(from + 5)
  const day = two(from + 8)
  if (month < 1 || month > 12 || day < 1) return false
  if (day <= 28) return true
  if (month == 2) {
    if (day > 29) return false
    const year = two(from) * 100 + two(from + 2)
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  }
  return day <= (month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31)
}

function isDate(from: usize): bool {
  const bytes = v128.load(from)
  const low = i8x16(49, 48, 48, 48, 45, 48, 48, 45, 48, 48, 0, 0, 0, 0, 0, 0)
  const high = i8x16(57, 57, 57, 57, 45, 57, 57, 45, 57, 57, -1, -1, -1, -1, -1, -1)
  return i8x16.all_true(v128.and(i8x16.ge_u(bytes, low), i8x16.le_u(bytes, high))) && isDay(from)
}

// @ts-ignore
@inline
function isTimestamp(from: usize, to: usize): bool {
  const length = <i32>(to - from)
  if (length < 19 || length > 26 || length == 20) return false
  const bytes = v128.load(from)
  const low = i8x16(49, 48, 48, 48, 45, 48, 48, 45, 48, 48, 32, 48, 48, 58, 48, 48)
  const high = i8x16(57, 57, 57, 57, 45, 57, 57, 45, 57, 57, 84, 50, 57, 58, 53, 57)
  if (!i8x16.all_true(v128.and(i8x16.ge_u(bytes, low), i8x16.le_u(bytes, high)))) return false
  const rest = v128.load(from + 16)
  const low2 = i8x16(58, 48, 48, 46, 48, 48, 48, 48, 48, 48, 0, 0, 0, 0, 0, 0)
  const high2 = i8x16(58, 53, 57, 46, 57, 57, 57, 57, 57, 57, -1, -1, -1, -1, -1, -1)
  const fits = i8x16.bitmask(v128.and(i8x16.ge_u(rest, low2), i8x16.le_u(rest, high2)))
  const wanted = (1 << (length - 16)) - 1
  if ((fits & wanted) != wanted) return false
  const between: i32 = load<u8>(from + 10)
  if (between != 32 && between != 84) return false
  return two(from + 11) < 24 && isDay(from)
}
