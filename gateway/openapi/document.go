package openapi

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// document makes the parts of the OpenAPI document. A strict one closes objects: that is what tests hold replies to.
type document struct{ strict bool }

// tree is a JSON object; encoding/json writes its members in order of their names.
type tree = map[string]any

func (d *document) make(version string) (tree, error) {
	components, err := d.components()
	if err != nil {
		return nil, err
	}
	paths := tree{}
	var tags []tree
	for _, g := range groups {
		tags = append(tags, tree{"name": g.tag, "description": g.text})
	}
	for _, o := range Operations() {
		made, err := d.operation(&o)
		if err != nil {
			return nil, err
		}
		item, ok := paths[o.Path].(tree)
		if !ok {
			item = tree{"parameters": d.pathParameters(o.Path)}
			paths[o.Path] = item
		}
		item[strings.ToLower(o.Method)] = made
	}
	return tree{
		"openapi": "3.1.0",
		"info": tree{
			"title": "Selvedge", "version": version, "description": description,
			"license": tree{"name": "Apache-2.0", "identifier": "Apache-2.0"},
		},
		"servers": []tree{{
			"url": "/_fabric/{fabric}/_api", "description": "A fabric at this location.",
			"variables": tree{"fabric": tree{"default": "_system", "description": "Name of the fabric."}},
		}},
		"security": []tree{{"apiKey": []string{}}, {"token": []string{}}, {"password": []string{}}},
		"tags":     tags, "paths": paths, "components": components,
	}, nil
}

func (d *document) components() (tree, error) {
	schemas := tree{}
	for name, text := range shapes {
		s, err := parse(text)
		if err != nil {
			return nil, fmt.Errorf("shape %s: %w", name, err)
		}
		schemas[name] = d.schema(s)
	}
	headers := tree{}
	for _, h := range commonHeaders {
		headers[h.id] = tree{"name": h.name, "in": "header", "description": h.text, "schema": tree{"type": "string"}}
	}
	return tree{
		"schemas": schemas, "parameters": headers,
		"responses": tree{"Refused": tree{
			"description": "Refused, or failed. docs/reference/errors.md lists codes and numbers.",
			"content":     tree{"application/json": tree{"schema": tree{"$ref": "#/components/schemas/Error"}}},
		}},
		"securitySchemes": tree{
			"apiKey":   tree{"type": "apiKey", "in": "header", "name": "Authorization", "description": "`apikey TENANT.KEYID.SECRET`"},
			"token":    tree{"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "From `POST /_open/auth`."},
			"password": tree{"type": "http", "scheme": "basic", "description": "`USER:PASSWORD`, `TENANT/USER:PASSWORD`, or an e-mail address as user."},
		},
	}, nil
}

func (d *document) operation(o *Operation) (tree, error) {
	out := tree{"operationId": o.ID, "summary": o.Summary, "tags": []string{o.Tag}}
	if o.Open {
		out["security"] = []tree{}
	}
	query, err := parse("{" + o.Query + "}")
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", o.Method, o.Path, err)
	}
	parameters := []tree{}
	for _, m := range query.members {
		p := tree{"name": m.name, "in": "query", "required": !m.optional, "schema": d.schema(m.shape)}
		if text := parameterTexts[m.name]; text != "" {
			p["description"] = text
		}
		parameters = append(parameters, p)
	}
	if !o.Open {
		for _, h := range commonHeaders {
			parameters = append(parameters, tree{"$ref": "#/components/parameters/" + h.id})
		}
	}
	if len(parameters) > 0 {
		out["parameters"] = parameters
	}
	if err := d.body(o, out); err != nil {
		return nil, err
	}
	return out, d.replies(o, out)
}

func (d *document) body(o *Operation, out tree) error {
	if o.Body == "" {
		return nil
	}
	schema := tree{"type": "string"}
	if s, err := o.Takes(); err != nil {
		return err
	} else if s != nil {
		schema = d.schema(s)
	}
	out["requestBody"] = tree{"required": true, "content": tree{or(o.BodyMedia, "application/json"): tree{"schema": schema}}}
	return nil
}

func (d *document) replies(o *Operation, out tree) error {
	list, err := o.Each()
	if err != nil {
		return err
	}
	responses := tree{"default": tree{"$ref": "#/components/responses/Refused"}}
	for _, r := range list {
		made := tree{"description": statusText(r.Status)}
		switch {
		case r.Shape != nil:
			made["content"] = tree{"application/json": tree{"schema": d.schema(r.Shape)}}
		case o.Media != "":
			made["content"] = tree{o.Media: tree{"schema": tree{"type": "string"}}}
		}
		responses[strconv.Itoa(r.Status)] = made
	}
	out["responses"] = responses
	return nil
}

func statusText(status int) string {
	switch status {
	case 200:
		return "Done."
	case 201:
		return "Done; it was made, or is durable as asked."
	case 202:
		return "Done and durable, or begun."
	case 204:
		return "Nothing yet."
	case 304:
		return "It is as it was."
	}
	return "Done."
}

func (d *document) pathParameters(path string) []tree {
	out := []tree{}
	for _, part := range strings.Split(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			name = strings.TrimSuffix(name, "}")
			out = append(out, tree{"name": name, "in": "path", "required": true, "description": parameterTexts[name], "schema": tree{"type": "string"}})
		}
	}
	return out
}

// schema writes a shape as JSON Schema.
func (d *document) schema(s *Shape) tree {
	switch s.kind {
	case plain:
		return tree{"type": s.name}
	case literal:
		return tree{"const": s.name}
	case array:
		return tree{"type": "array", "items": d.schema(s.of[0])}
	case mapping:
		return tree{"type": "object", "additionalProperties": d.schema(s.of[0])}
	case union:
		var list []tree
		for _, one := range s.of {
			list = append(list, d.schema(one))
		}
		return tree{"anyOf": list}
	case named:
		return tree{"$ref": "#/components/schemas/" + s.name}
	case object:
		properties, required := tree{}, []string{}
		for _, m := range s.members {
			properties[m.name] = d.schema(m.shape)
			if !m.optional {
				required = append(required, m.name)
			}
		}
		out := tree{"type": "object", "properties": properties}
		if len(required) > 0 {
			out["required"] = required
		}
		if d.strict && !s.open {
			out["additionalProperties"] = false
		}
		return out
	}
	return tree{}
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// Strict is the schema of a shape as JSON, with closed objects and the named shapes that it refers to.
func Strict(s *Shape) ([]byte, error) {
	d := &document{strict: true}
	components, err := d.components()
	if err != nil {
		return nil, err
	}
	out := d.schema(s)
	out["components"] = tree{"schemas": components["schemas"]}
	text, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("writing a schema: %w", err)
	}
	return text, nil
}
