import { TIME_OF_REDIS } from './limit.scripts.js';

/** How long, in milliseconds, the stream is kept after the last cast. */
const KEEP_CASTS = 7 * 24 * 3_600_000;

/**
 * Says something to all processes. Each cast has the number after that of the one before, and the name of the series: who misses a
 * number knows that it missed something, and a new series says that the stream was lost.
 *
 * KEYS[1] the stream
 * ARGV[1] how many are kept
 * ARGV[2] the name of the event
 * ARGV[3] the JSON text
 * Returns nothing
 */
export const CAST = `${TIME_OF_REDIS}
local stream, kept, event, text = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local last = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
local number, series = 1, now_us()
if last then
  for i = 1, #last[2], 2 do
    if last[2][i] == 'n' then number = last[2][i + 1] + 1 end
    if last[2][i] == 's' then series = last[2][i + 1] end
  end
end
redis.call('XADD', stream, 'MAXLEN', '~', kept, '*', 'n', number, 's', series, 'e', event, 'p', text)
redis.call('PEXPIRE', stream, ${KEEP_CASTS})
`;
