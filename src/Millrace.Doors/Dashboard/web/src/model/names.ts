// Names as SQL wants them written.

import type { CatalogObject } from './contract';

export const quote = (name: string): string => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : '"' + name.replaceAll('"', '""') + '"');
export const fullName = (o: CatalogObject): string => (o.schema && o.schema !== 'public' ? quote(o.schema) + '.' : '') + quote(o.name);
