package fn

import (
	"github.com/selvedge-db/selvedge/text"
	"github.com/selvedge-db/selvedge/value"
)

var fulltextFunctions = []Function{
	{
		Name: "TOKENS", Family: "fulltext", Deterministic: true, Cost: 100, Returns: List | Null,
		Params: []Param{one("input", Text|List), one("analyzer", Text)},
		Doc: "Parts a text as an analyzer does: identity leaves it whole, text_de, text_en, text_es, text_fi, text_fr, text_it, text_nl, " +
			"text_no, text_pt, text_ru and text_sv give its words in small letters, without accents, stemmed for the language. " +
			"Of an array it gives an array of the tokens of each element.",
		Examples: []Example{{`RETURN TOKENS("Lörem ipsüm, DOLOR SIT Ämet.", "text_de")`, `[["lor", "ipsum", "dolor", "sit", "amet"]]`}},
		Eval: func(c *Context, a []value.Value) value.Value {
			if a[1].Kind() != value.KindString {
				return c.badType("TOKENS")
			}
			return tokens(c, a[0], a[1].Str())
		},
	},
}

func tokens(c *Context, v value.Value, analyzer string) value.Value {
	if v.Kind() == value.KindArray {
		items := v.Items()
		out := make([]value.Value, len(items))
		for i, item := range items {
			if i&63 == 63 && !c.check() {
				return value.Null()
			}
			if out[i] = tokens(c, item, analyzer); out[i].IsNull() {
				return out[i]
			}
		}
		return value.OwnItems(out)
	}
	if v.Kind() != value.KindString {
		return c.badType("TOKENS")
	}
	// Each word of two bytes may become an element.
	if !c.items(len(v.Str())/2 + 1) {
		return value.Null()
	}
	words, err := text.Tokens(analyzer, v.Str())
	if err != nil {
		c.warn(WarnArgumentType, "invalid argument type in call to function 'TOKENS()': %s", err.Error())
		return value.Null()
	}
	return textArray(words)
}
