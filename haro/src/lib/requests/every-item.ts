interface Part<Item> {
  items: Item[];
  next_cursor?: string | null;
}

/** All items of a list that is short as a rule and shown whole, page after page. */
export async function everyItem<Item>(ask: (cursor: string | null) => Promise<Part<Item>>): Promise<{ items: Item[] }> {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const part: Part<Item> = await ask(cursor);
    items.push(...part.items);
    cursor = part.next_cursor ?? null;
  } while (cursor !== null);
  return { items };
}
