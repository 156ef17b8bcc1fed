// @ts-check

/** Text that fits into a cell of a table. @param {string} text */
export const cell = (text) => text.replaceAll('|', String.raw`\|`);

/** A page that says where it comes from. @param {string} title @param {string} introduction @param {string[]} sections */
export function generated(title, introduction, sections) {
  return `<!-- Written by npm run docs:reference from the sources. Change them, not this page. -->

# ${title}

${introduction}

${sections.join('\n')}`;
}
