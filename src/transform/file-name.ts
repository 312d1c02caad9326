/**
 * A file name without the ending that says how it is compressed. Only names go by it: how a file is compressed is told by its
 * content.
 */
export function withoutCompression(fileName: string): string {
  return fileName.replace(/\.(gz|zst)$/i, '')
}
