import pg from "pg";

/**
 * One statement on a connection of its own: servers of this benchmark come and go.
 * @param {string} url
 * @param {string} text
 * @param {readonly unknown[]} [values]
 */
export async function query(url, text, values) {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return (await client.query(text, values)).rows;
  } finally {
    await client.end();
  }
}
