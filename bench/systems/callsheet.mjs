export const callsheet = {
  name: "callsheet",
  version: "0",
  store: "postgres",
  missing: async () => "the library is not built",
  settings: {},
  candidates: [],
};
