import { ChildGroup } from './child.process.js';

it('hands on what a build prints without its colours, and tells it to use none', async () => {
  const lines: string[] = [];
  const print = `process.stdout.write('\\x1bc\\x1b[2J\\x1b[32mbuilt\\x1b[0m ' + process.env.NO_COLOR + ' ' + process.env.FORCE_COLOR)`;
  const build = ChildGroup.shell(`"${process.execPath}" -e "${print}"`, (line) => lines.push(line));
  expect(await build.exited).toMatchObject({ code: 0 });
  expect(lines).toEqual(['built 1 undefined']);
});
