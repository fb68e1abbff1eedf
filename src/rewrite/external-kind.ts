/** What an import or export is, as the format numbers it (core specification, section 5.5.5). */
export const EXTERNAL_KIND = { function: 0, table: 1, memory: 2, global: 3, tag: 4 } as const;
