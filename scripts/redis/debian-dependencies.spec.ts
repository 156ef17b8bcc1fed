import { parseDepends } from './debian-dependencies.mjs';

describe('reading apt-cache depends', () => {
  it('takes the dependencies and nothing else', () => {
    const report = ['redis-tools', '  Depends: libc6', '  PreDepends: dpkg', '  Suggests: ruby-redis'].join(
      '\n',
    );

    expect(parseDepends(report)).toEqual(['libc6', 'dpkg']);
  });

  it('takes the first of alternatives', () => {
    const report = [' |Depends: lsb-base', '  Depends: sysvinit-utils', '  Depends: libc6'].join('\n');

    expect(parseDepends(report)).toEqual(['lsb-base', 'libc6']);
  });

  it('leaves out virtual packages, which have no file', () => {
    expect(parseDepends(['  Depends: <debconf-2.0>', '    debconf', '  Depends: libc6'].join('\n'))).toEqual([
      'libc6',
    ]);
  });
});
