const CR_LF = 2;

/** The command at the beginning of what a client has sent, and where it ends; undefined where the rest has yet to come. */
export function commandAt(bytes: Buffer): { args: string[]; end: number } | undefined {
  const count = headAt(bytes, 0);
  if (!count) return undefined;
  const args: string[] = [];
  let at = count.end;
  for (let left = Number(count.text); left > 0; left--) {
    const length = headAt(bytes, at);
    if (!length) return undefined;
    const end = length.end + Number(length.text);
    if (bytes.length < end + CR_LF) return undefined;
    args.push(bytes.toString('utf8', length.end, end));
    at = end + CR_LF;
  }
  return { args, end: at };
}

/** Where the reply that begins at `from` ends, in either version of the protocol; undefined where the rest has yet to come. */
export function endOfReply(bytes: Buffer, from = 0): number | undefined {
  const head = headAt(bytes, from);
  if (!head) return undefined;
  const size = Number(head.text);
  switch (String.fromCharCode(bytes[from]!)) {
    case '$':
    case '=':
    case '!': {
      const end = size < 0 ? head.end : head.end + size + CR_LF;
      return end <= bytes.length ? end : undefined;
    }
    case '*':
    case '~':
    case '>':
      return endOfSeveral(bytes, head.end, size);
    case '%':
      return endOfSeveral(bytes, head.end, 2 * size);
    default:
      return head.end;
  }
}

function endOfSeveral(bytes: Buffer, from: number, count: number): number | undefined {
  let at: number | undefined = from;
  for (let left = count; left > 0 && at !== undefined; left--) at = endOfReply(bytes, at);
  return at;
}

/** What stands between the first character of a line and its end. */
function headAt(bytes: Buffer, from: number): { text: string; end: number } | undefined {
  const end = bytes.indexOf('\r\n', from);
  return end < 0 ? undefined : { text: bytes.toString('utf8', from + 1, end), end: end + CR_LF };
}
