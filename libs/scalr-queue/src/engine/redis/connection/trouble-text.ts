/**
 * What an error of a connection means, and what to do about it, in words to follow "Redis at host:port: ". Upstream: ioredis, Redis and
 * OpenSSL give most of these errors no code. Nothing is decided by them but the words.
 */
const MEANINGS: readonly (readonly [pattern: RegExp, meaning: string])[] = [
  [
    /^All sentinels are unreachable.*Last error: (NOAUTH|WRONGPASS)\b/s,
    'the sentinels refuse the password: check redis.sentinelPassword',
  ],
  [
    /^All sentinels are unreachable(?!.*Last error)/s,
    'the sentinels know no master of that name: check redis.name',
  ],
  [
    /\b(WRONGPASS|NOAUTH)\b/,
    'it refuses the user or the password: check SCALR_REDIS_URL (or the option redis)',
  ],
  [
    /DB index is out of range/,
    'it has no database of that number: raise its setting "databases", or choose another one in SCALR_REDIS_URL (or redis.db)',
  ],
  [
    /self-signed certificate|unable to verify the first certificate|unable to get (local )?issuer certificate/,
    'its certificate comes from an authority that this process does not trust: name the file of its CA in SCALR_REDIS_CA (or give redis.tls.ca)',
  ],
  [/^certificate has expired/, 'its certificate has expired: renew it'],
  [/^certificate is not yet valid/, 'its certificate is not valid yet: compare the clocks'],
  [
    /does not match certificate's altnames/,
    'its certificate is for another host: connect by a name that is in it, or set redis.tls.servername',
  ],
  [
    /wrong version number|packet length too long/,
    'it does not speak TLS there: use redis://, or the TLS port',
  ],
  // The first byte of an alert of TLS.
  [/^Unknown RESP type 21 /, 'it speaks TLS there: use rediss://'],
];

/** The sentence for an error that has one; undefined for others. */
export function meaningOf(message: string): string | undefined {
  return MEANINGS.find(([pattern]) => pattern.test(message))?.[1];
}
