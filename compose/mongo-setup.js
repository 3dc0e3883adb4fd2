// Initiates the replica set and makes its users and roles, or updates them. mongosh runs it on MongoDB's own host.
// The user `root` is for administrators. Each program has a user with a role, whose rights are in mongo-roles.json.

const { MONGODB_DATABASE, MONGO_ROOT_PASSWORD } = process.env;
const ROLES = require("fs").readFileSync("/etc/product-analytics/mongo-roles.json", "utf8");
const MINUTE_MS = 60_000;

function loggedIn(admin) {
  try {
    return admin.auth("root", MONGO_ROOT_PASSWORD).ok === 1;
  } catch (error) {
    if (error.codeName === "AuthenticationFailed") return false;
    throw error;
  }
}

function initiate(admin) {
  try {
    admin.runCommand({ replSetInitiate: { _id: "rs0", members: [{ _id: 0, host: "mongo:27017" }] } });
  } catch (error) {
    if (error.codeName === "Unauthorized") {
      throw new Error("MongoDB holds data of another root password: set MONGO_ROOT_PASSWORD to that one");
    }
    if (error.codeName !== "AlreadyInitialized") throw error;
  }
}

function waitForPrimary(admin) {
  const deadline = Date.now() + MINUTE_MS;
  while (!admin.hello().isWritablePrimary) {
    if (Date.now() > deadline) throw new Error("the replica set has no primary after a minute; see the log of mongo");
    sleep(100);
  }
}

function setUp(admin) {
  const known = loggedIn(admin);
  if (!known) initiate(admin);
  waitForPrimary(admin);
  if (!known) {
    admin.createUser({ user: "root", pwd: MONGO_ROOT_PASSWORD, roles: ["root"] });
    loggedIn(admin);
  }
  for (const [name, privileges] of Object.entries(JSON.parse(ROLES.replaceAll("DATABASE", MONGODB_DATABASE)))) {
    const role = `product_analytics_${name}`;
    const rights = { privileges, roles: [] };
    admin.getRole(role) === null ? admin.createRole({ role, ...rights }) : admin.updateRole(role, rights);
    // The password in .env counts: change it there and start again, and the user has the new one.
    const user = { pwd: process.env[`MONGO_${name.toUpperCase()}_PASSWORD`], roles: [role] };
    admin.getUser(name) === null ? admin.createUser({ user: name, ...user }) : admin.updateUser(name, user);
  }
}

// MongoDB may be starting, or start again meanwhile, so this tries again for a minute. All of the above may run twice.
const deadline = Date.now() + MINUTE_MS;
for (let done = false; !done; ) {
  try {
    setUp(connect("mongodb://127.0.0.1/?directConnection=true").getSiblingDB("admin"));
    done = true;
  } catch (error) {
    if (!/^Mongo(Network|ServerSelection|ServerClosed|NotConnected)/.test(error.name) || Date.now() > deadline) throw error;
    sleep(200);
  }
}
print("MongoDB is a replica set and has its users");
