void require('./app.cjs')(async (name) => require(name));
