package fn

// one, opt and any number of parameters, so that tables read as signatures.
func one(name string, t Types) Param { return Param{Name: name, Types: t} }

func opt(name string, t Types) Param { return Param{Name: name, Types: t, Optional: true} }

func many(name string, t Types) Param { return Param{Name: name, Types: t, Variadic: true} }

func manyOpt(name string, t Types) Param {
	return Param{Name: name, Types: t, Variadic: true, Optional: true}
}

// unary is the parameter list of functions of one value.
func unary(name string, t Types) []Param { return []Param{one(name, t)} }
