// Names as SQL wants them written.

import type { CatalogObject } from './contract';

export const quote = (name: string): string => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : '"' + name.replaceAll('"', '""') + '"');
/** As links, headings and the HTTP door have it: without quotes, with its schema where that is not the usual one. */
export const path = (o: CatalogObject): string => (o.schema && o.schema !== 'public' ? o.schema + '.' : '') + o.name;
export const fullName = (o: CatalogObject): string => (o.schema && o.schema !== 'public' ? quote(o.schema) + '.' : '') + quote(o.name);
